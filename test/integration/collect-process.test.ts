import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { createCollectors } from '../../src/lab/collect/index.ts';
import type { Collector } from '../../src/lab/collect/collector.ts';
import { readProcLink, readProcStat } from '../../src/shared/proc-files.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import type { ProcessRole, StackDescription } from '../../src/shared/stack-description.ts';
import { testDatabase } from '../support/postgres.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;
const missing = process.platform === 'linux' ? undefined : 'needs /proc of Linux';
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe.skipIf(missing)(`a process${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  test('is measured until it ends, and then never again', async () => {
    const child = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    cleanUps.push(() => child.kill('SIGKILL'));
    await once(child, 'spawn');
    const collector = collectorOf('process', processStack('upstream', child.pid ?? -1));
    const sink = new RecordingSink();
    await collector.open(never);
    await sleep(400);
    await collector.sample?.(sink);
    expect(sink.samples.process).toMatchObject([{ pid: child.pid, role: 'upstream' }]);
    const [sample] = sink.samples.process;
    expect(sample?.cpuPercent).toBeGreaterThan(0);
    expect(sample?.rssBytes).toBeGreaterThan(10_000_000);
    expect(sample?.threads).toBeGreaterThan(1);
    expect(sample?.openFiles).toBeGreaterThan(2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expect(collector.sample?.(sink)).rejects.toThrow(`process ${child.pid} has ended`);
    await collector.sample?.(sink);
    expect(sink.samples.process).toHaveLength(1);
  });

  test('that its master replaces is watched on under its new id, which the gap says', async () => {
    // A shell that begins the same program again when it ends, as the master of workers does.
    const script = 'for round in 1 2; do sleep 1000 & echo $!; wait $!; done';
    const master = spawn('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
    cleanUps.push(() => process.kill(-(master.pid ?? 0), 'SIGKILL'));
    const pids = createInterface(master.stdout)[Symbol.asyncIterator]();
    const nextPid = async (): Promise<number> => {
      const pid = Number((await pids.next()).value);
      await expect.poll(async () => basename(await readProcLink(pid, 'exe'))).toBe('sleep');
      return pid;
    };
    const first = await nextPid();
    const collector = collectorOf('process', processStack('gateway', first));
    const sink = new RecordingSink();
    await collector.open(never);
    await collector.sample?.(sink);
    process.kill(first, 'SIGKILL');
    const second = await nextPid();
    await expect(collector.sample?.(sink)).rejects.toThrow(`process ${first} has ended`);
    await collector.sample?.(sink);
    expect(sink.gaps).toEqual([
      {
        source: 'process',
        target: `gateway (pid ${first})`,
        error: `process ${first} has ended; process ${second} took its place`,
      },
    ]);
    expect(collector.target).toBe(`gateway (pid ${second})`);
    await collector.sample?.(sink);
    expect(sink.samples.process.at(-1)).toMatchObject({ pid: second, role: 'gateway' });
  });

  test('of PostgreSQL is counted with its backends', async () => {
    const database = await testDatabase();
    cleanUps.push(() => database[Symbol.asyncDispose]());
    const client = new Client({ connectionString: database.dsn });
    await client.connect();
    cleanUps.push(() => client.end());
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const postmaster = (await readProcStat(rows[0]?.pid ?? -1)).parentPid;
    const whole = await measured(processStack('postgres', postmaster));
    const alone = await measured(processStack('upstream', postmaster));
    expect(whole.threads).toBeGreaterThanOrEqual(3);
    expect(alone.threads).toBe(1);
    expect(whole.rssBytes).toBeGreaterThan(alone.rssBytes);
  });

  test('that is not there is refused', async () => {
    const collector = collectorOf('process', processStack('gateway', 2 ** 22 + 1));
    await expect(collector.open(never)).rejects.toThrow('has ended');
  });
});

describe('Prometheus metrics of the gateway', () => {
  test('are read with the token', async () => {
    const seen: unknown[] = [];
    const collector = await scrapeOf((request, response) => {
      seen.push([request.url, request.headers.authorization]);
      response.end('# TYPE calls_total counter\ncalls_total{tool="echo"} 3\nwait_bucket{le="1"} 2\n');
    });
    const sink = new RecordingSink();
    await collector.open(never);
    await collector.sample?.(sink);
    expect(seen.at(-1)).toEqual(['/metrics/prometheus', 'Bearer t0k']);
    expect(sink.samples.prometheus).toEqual([{ metrics: { 'calls_total{tool="echo"}': 3 } }]);
  });

  test.each<[string, RequestListener, string]>([
    [
      'a refusal',
      (_, response) => response.writeHead(401).end(),
      'status 401: a token that may read metrics',
    ],
    ['nothing there', (_, response) => response.writeHead(404).end(), 'status 404'],
    ['a redirect', (_, response) => response.writeHead(302, { location: '/x' }).end(), 'cannot be read'],
    ['too much', (_, response) => response.end('x 1\n'.repeat(1_200_000)), 'is larger than'],
    ['a broken answer', (request) => request.socket.destroy(), 'cannot be read'],
  ])('%s is an error with its reason', async (_, listener, reason) => {
    const collector = await scrapeOf(listener);
    await expect(collector.open(never)).rejects.toThrow(reason);
  });
});

function processStack(role: ProcessRole, pid: number): StackDescription {
  return {
    name: 'test',
    embedded: false,
    gatewayUrl: 'http://127.0.0.1:9',
    processes: [{ role, name: role, pid }],
    containers: [],
    logs: [],
  };
}

function collectorOf(source: Collector['source'], stack: StackDescription): Collector {
  const collector = createCollectors(stack, { logger: createLogger('silent') }).find(
    (candidate) => candidate.source === source,
  );
  if (!collector) throw new Error(`no collector of ${source}`);
  cleanUps.push(() => collector.close());
  return collector;
}

async function measured(stack: StackDescription): Promise<{ threads: number; rssBytes: number }> {
  const collector = collectorOf('process', stack);
  const sink = new RecordingSink();
  await collector.open(never);
  await sleep(20);
  await collector.sample?.(sink);
  const [sample] = sink.samples.process;
  if (!sample) throw new Error('nothing was sampled');
  return sample;
}

async function scrapeOf(listener: RequestListener): Promise<Collector> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUps.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return collectorOf('prometheus', {
    name: 'test',
    embedded: false,
    gatewayUrl: `http://127.0.0.1:${port}`,
    token: 't0k',
    processes: [],
    containers: [],
    logs: [],
  });
}
