import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { nowMs, sleep } from '../../src/shared/clock.ts';

export interface GuardedServerOptions {
  /** What it is called in errors. */
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  /** Laid over this process's own environment. */
  env?: Readonly<Record<string, string>>;
  /** A URL that is answered with a status below 300 as soon as the server is ready, or what else tells that it is. */
  ready: string | (() => Promise<boolean>);
  startLimitMs: number;
}

/** A program does not notice by itself that its parent is gone: a shell does, which waits for the end of its own stdin. */
const guardScript = '"$@" & cat >/dev/null; kill -KILL $!; wait $!; exit 0';

/** Starts a server that ends with this process at the latest. Resolves when it answers, to what ends it. */
export async function startGuarded(options: GuardedServerOptions): Promise<() => Promise<void>> {
  const { name, command, args, cwd, env = {}, ready, startLimitMs } = options;
  const child = spawn('/bin/sh', ['-c', guardScript, 'sh', command, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-4_000)));
  const end = async (): Promise<void> => {
    child.stdin.end();
    await closed;
  };
  const giveUpMs = nowMs() + startLimitMs;
  while (!(await (typeof ready === 'string' ? answers(ready) : ready()))) {
    if (nowMs() < giveUpMs) {
      await sleep(50);
      continue;
    }
    await end();
    throw new Error(`${name} does not answer: ${log}`);
  }
  return end;
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
