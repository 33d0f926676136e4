import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isRecord } from '../../src/protocol/record.ts';
import { cpuClockOf } from './cpu-clock.ts';
import type { CpuClock } from './cpu-clock.ts';

/** A server process under measurement, on this Node. It ends when its stdin does. */
export interface ChildServer {
  readonly url: string;
  readonly cpuUs: CpuClock;
  stop(): Promise<void>;
}

/** Starts `node ...args`, waits for its line of readiness. Rejects when it ends before it listens. */
export async function startServer(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ChildServer> {
  const child = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const { url, pid } = await readiness(child, args);
  return {
    url,
    cpuUs: cpuClockOf(pid),
    async stop() {
      const ended = once(child, 'exit');
      child.stdin?.end();
      await ended;
    },
  };
}

async function readiness(
  child: ChildProcess,
  args: readonly string[],
): Promise<{ url: string; pid: number }> {
  const { stdout } = child;
  if (stdout === null) throw new Error('the child has no stdout');
  for await (const line of createInterface({ input: stdout })) {
    const event: unknown = JSON.parse(line);
    if (!isRecord(event) || event['event'] !== 'listening') continue;
    stdout.resume();
    return { url: String(event['url']), pid: Number(event['pid']) };
  }
  throw new Error(`node ${args.join(' ')} ended before it listened`);
}
