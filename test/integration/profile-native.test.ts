import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { ProfiledProcesses } from '../../src/lab/cpu/profiled-processes.ts';
import { PerfTarget } from '../../src/lab/profilers/perf/perf-target.ts';
import { perfError } from '../../src/lab/profilers/perf/perf-error.ts';
import type { ThreadProfile } from '../../src/lab/profilers/profiler.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { readChildPids, readProcStat } from '../../src/shared/proc-files.ts';
import { nginxRequirement, startNginx } from '../support/nginx.ts';
import { testDatabase } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { findProgram, title } from '../support/requires.ts';
import { profilerOf, shareOf, startProgram } from '../support/sampled-program.ts';

const perf = findProgram('perf');
const redis = findProgram('redis-server');

const suite = title('CPU profiles of what is neither Node nor Python', perf, redis);

describe.skipIf(perf.missing ?? redis.missing)(suite, { timeout: 60_000 }, () => {
  test('name the functions of a Redis server under load, each when it ran', async () => {
    await using server = await startRedis(redis.path ?? '');
    const client = server.client();
    const pid = Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
    await using profiler = await profilerOf(pid);
    const window = await profiler.start();
    const script = 'local sum = 0 for i = 1, 3000000 do sum = sum + i % 7 end return sum';
    for (let calls = 0; calls < 4; calls += 1) await client.eval(script, 0);
    const [only] = await window.stop();
    expect(profiler.profiler).toBe('perf');
    expect(only?.profile).toMatchObject({ unit: 'microseconds', order: 'time', interval: 10_000 });
    expect(shareOf(only?.profile, 'main')).toBeGreaterThan(0.8);
    expect(shareOf(only?.profile, 'processCommand')).toBeGreaterThan(0.5);
    const sumUs = only?.profile.samples.reduce((sum, { weight }) => sum + weight, 0) ?? 0;
    expect(sumUs / 1000).toBeCloseTo((only?.profile.endMs ?? 0) - (only?.profile.startMs ?? 0), -2);
    expect(await client.ping()).toBe('PONG');
  });

  test('go on where a file of perf has grown large, and tell what is missing', async () => {
    await using program = await startProgram('sh', ['-c', 'echo begun; while :; do :; done']);
    const options = { logger: createLogger('silent'), signal: new AbortController().signal, rateHz: 100 };
    const target = await PerfTarget.attach(program.pid, { ...options, largestFileKiB: 100 });
    const window = await target.start();
    const restart = expect.stringMatching(/^perf was started again .*: meanwhile, .* were not sampled$/);
    await expect.poll(() => target.facts(), { timeout: 30_000 }).toContainEqual(restart);
    const [only, ...others] = await window.stop();
    await target.close();
    expect(others).toEqual([]);
    expect(only?.profile.samples.length).toBeGreaterThan(0);
  });

  test.skipIf(nginxRequirement.missing)(
    'hold the workers of nginx, which do the work of their master',
    async () => {
      await using nginx = await startNginx([1]);
      const pid = Number(await readFile(join(dirname(nginx.accessLog), 'nginx.pid'), 'utf8'));
      const [worker] = await readChildPids(pid);
      await using profiler = await profilerOf(pid);
      let threads: ThreadProfile[] = [];
      // On a busy machine, nginx gets too little of it in a second to be sampled.
      while (threads.every(({ pid: fork }) => fork !== worker)) {
        const window = await profiler.start();
        const until = performance.now() + 1000;
        while (performance.now() < until) {
          await Promise.all(Array.from({ length: 20 }, () => fetch(`${nginx.url}/local`)));
        }
        threads = await window.stop();
      }
      expect(await readChildPids(pid)).toEqual([worker]);
    },
  );

  test('hold the backends of PostgreSQL, also those that come later', async () => {
    await using database = await testDatabase();
    await using early = await connected(database.dsn);
    const postmaster = (await readProcStat(early.pid)).parentPid;
    const processes = await ProfiledProcesses.attach(
      [{ role: 'postgres', name: 'postgres', pid: postmaster }],
      { open: (pid) => profilerOf(pid), subprocesses: true, onNote: () => undefined },
    );
    try {
      await using late = await connected(database.dsn);
      const sql = 'SELECT count(md5(i::text)) FROM generate_series(1, 1000000) i';
      await Promise.all([early.client.query(sql), late.client.query(sql)]);
      const windows = await processes.end();
      const busyMs = new Map(windows.map(({ process: { pid }, cpuMs }) => [pid, cpuMs ?? 0]));
      expect(busyMs.get(early.pid)).toBeGreaterThan(20);
      expect(busyMs.get(late.pid)).toBeGreaterThan(20);
      const backend = windows.find(({ process: { pid } }) => pid === late.pid);
      expect(backend?.process.command).toMatch(/^postgres: /);
    } finally {
      await processes.close();
    }
  });

  test('say what is missing, and how to get it', async () => {
    const denied = await perfError(
      process.pid,
      'Access to performance monitoring is limited: perf_event_paranoid',
    );
    expect(denied).toMatchObject({ code: 'usage' });
    expect(denied.message).toMatch(/CAP|PERFMON.*perf_event_paranoid is -?\d.*setcap cap_perfmon/);
  });
});

/** A connection, with the process that serves it. */
async function connected(dsn: string): Promise<{ client: Client; pid: number } & AsyncDisposable> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return { client, pid: rows[0]?.pid ?? 0, [Symbol.asyncDispose]: () => client.end() };
}
