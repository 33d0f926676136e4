import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Runtime } from '../../src/lab/profilers/runtime-of.ts';
import { startRedis } from '../../test/support/redis.ts';
import { findProgram } from '../../test/support/requires.ts';

/** What a target has done until one moment, all told by itself at that moment. */
export interface Reading {
  /** Pieces of work that it has finished. */
  readonly units: number;
  /** CPU that it has used, all its threads together. */
  readonly cpuMs: number;
  /** On a clock of its own. */
  readonly atMs: number;
}

/** A program that takes all of a core, and counts what it gets done. */
export interface BusyTarget extends AsyncDisposable {
  readonly pid: number;
  read(): Promise<Reading>;
}

export interface TargetKind {
  readonly runtime: Runtime;
  readonly name: string;
  /** Why it cannot be started. */
  readonly missing?: string;
  start(): Promise<BusyTarget>;
}

const reading = z.object({ units: z.number(), cpuMs: z.number(), atMs: z.number() });
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const python = findProgram('python3');
const redis = findProgram('redis-server');

/** One of each way to be profiled. */
export const targetKinds: readonly TargetKind[] = [
  {
    runtime: 'node',
    name: 'Node, by V8',
    start: () => startAnswering(process.execPath, ['--inspect-port=0', fileOf('busy-node.ts')]),
  },
  {
    runtime: 'python',
    name: 'Python, by py-spy',
    ...(python.missing === undefined ? {} : { missing: python.missing }),
    start: () => startAnswering(python.path ?? '', [fileOf('busy_python.py')]),
  },
  {
    runtime: 'native',
    name: 'Redis, by perf',
    ...(redis.missing === undefined ? {} : { missing: redis.missing }),
    start: () => startBusyRedis(redis.path ?? ''),
  },
];

async function startAnswering(command: string, args: readonly string[]): Promise<BusyTarget> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const read = async (): Promise<Reading> => {
    const line = once(lines, 'line');
    child.stdin.write('\n');
    const [text] = await Promise.race([line, exited.then(() => [])]);
    if (typeof text !== 'string') throw new Error(`${command} has ended`);
    return reading.parse(JSON.parse(text));
  };
  // It answers when it works, and the first words are no figures: a launcher may have become another program since.
  await read();
  return {
    pid: child.pid ?? 0,
    read,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Commands of several kinds, enough of them in one call that the client has next to nothing to do. */
const script = `
for at = 1, 200 do
  local key = 'key:' .. (at % 50)
  redis.call('SET', key, string.rep('x', at))
  redis.call('GET', key)
  redis.call('HSET', 'hash', key, at)
  redis.call('ZADD', 'sorted', at * 7 % 1000, key)
  redis.call('ZRANGE', 'sorted', 0, 20)
end
return 1`;
/** Calls under way at any time, so that it never waits for the client. */
const callsUnderWay = 8;

async function startBusyRedis(program: string): Promise<BusyTarget> {
  const server = await startRedis(program);
  const driver = server.client();
  const asker = server.client();
  const over = new AbortController();
  const drive = async (): Promise<void> => {
    while (!over.signal.aborted) await driver.eval(script, 0);
  };
  const driven = Array.from({ length: callsUnderWay }, drive);
  return {
    pid: fieldOf(await asker.info('server'), 'process_id'),
    async read() {
      const info = await asker.info('everything');
      return {
        units: Number(/^cmdstat_eval:calls=(\d+)/m.exec(info)?.[1]),
        cpuMs: 1000 * (fieldOf(info, 'used_cpu_user') + fieldOf(info, 'used_cpu_sys')),
        atMs: fieldOf(info, 'server_time_usec') / 1000,
      };
    },
    async [Symbol.asyncDispose]() {
      over.abort();
      await Promise.all(driven);
      await server[Symbol.asyncDispose]();
    },
  };
}

function fieldOf(info: string, name: string): number {
  return Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1]);
}
