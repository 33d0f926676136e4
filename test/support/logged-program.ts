import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { nowMs, sleep } from '../../src/shared/clock.ts';
import { messageOf } from '../../src/shared/errors.ts';
import { runAs, type ServiceAccount } from '../../src/stack/service-account.ts';

export interface LoggedProgramOptions {
  /** What it is called in errors. */
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  /** Laid over this process's own environment. */
  env?: Readonly<Record<string, string>>;
  account?: ServiceAccount | undefined;
  /** Takes both outputs; made when it is not there, added to when it is. */
  logFile: string;
  /** Rejects as long as the program is not ready. */
  probe: () => Promise<unknown>;
  startLimitMs: number;
}

/**
 * A server with workers does not notice that whoever started it is gone: a shell does, which waits for the end of its
 * own stdin and then ends the whole process group, itself with it.
 */
const guardScript = '"$@" 3<&- & cat <&3 >/dev/null; kill -KILL 0';
const pollMs = 50;

/** Starts a program with its workers, which end with this process at the latest. Resolves, when it is ready, to what ends it. */
export async function startLogged(options: LoggedProgramOptions): Promise<() => Promise<void>> {
  const { name, command, args, cwd, env = {}, account, logFile, probe, startLimitMs } = options;
  const log = await open(logFile, 'a');
  const group = spawn('/bin/sh', ['-c', guardScript, 'sh', command, ...args], {
    ...runAs(account),
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
    detached: true,
  });
  await log.close();
  const exited = once(group, 'exit');
  const end = async (): Promise<void> => {
    const [, , , guard] = group.stdio;
    guard?.destroy();
    await exited;
  };
  for (const giveUpMs = nowMs() + startLimitMs; ; await sleep(pollMs)) {
    try {
      await probe();
      return end;
    } catch (error) {
      if (nowMs() < giveUpMs) continue;
      await end();
      const lines = (await readFile(logFile, 'utf8')).slice(-4000);
      throw new Error(`${name} is not ready: ${messageOf(error)}; its log:\n${lines}`, { cause: error });
    }
  }
}

/** Rejects unless the URL answers with a status below 300. */
export async function expectOk(url: string): Promise<void> {
  const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (!ok) throw new Error(`${url}: ${status}`);
}
