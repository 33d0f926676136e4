import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunDocument, runDocumentSchema } from '../../src/lab/run-document.ts';
import { readSeries } from '../../src/lab/timeline/read-bundle.ts';
import { gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { findK6, runK6 } from '../support/k6.ts';
import { LocustClient } from '../support/locust-client.ts';
import { startLocust } from '../support/locust.ts';
import { findProgram, title } from '../support/requires.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const locustProgram = findProgram('locust');
const k6Program = findK6();
const mkfifo = findProgram('mkfifo');

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

interface ObservedRun {
  document: RunDocument;
  /** Of all windows, inside and outside of the steady phase. */
  requests: Record<string, number>;
  failures: Record<string, number>;
  gaps: string[];
}

async function observed(run: string): Promise<ObservedRun> {
  const document = runDocumentSchema.parse(JSON.parse(await readFile(join(run, 'run.json'), 'utf8')));
  const requests: Record<string, number> = {};
  const failures: Record<string, number> = {};
  const gaps: string[] = [];
  for (const event of (await readSeries(run)).events) {
    if (event.kind === 'gap' && event.source === 'load') gaps.push(event.error);
    if (event.kind !== 'sample' || event.source !== 'load') continue;
    for (const [name, window] of Object.entries(event.data.byName)) {
      requests[name] = (requests[name] ?? 0) + window.requests;
      failures[name] = (failures[name] ?? 0) + window.failures;
    }
  }
  return { document, requests, failures, gaps };
}

const session = (server: CountingMcpServer, load: string, run: string, ...more: string[]): string[] => {
  const where = ['--target', server.url, '--load', load, '--out', run];
  return ['session', ...where, '--cool-down', '500ms', ...more];
};

const locustUsers = 4;

/** Locust kills its users when it stops: what each of them then waited for reached the server and is in no figure. */
function expectAllThatLocustSaw(counted: Record<string, number>, served: Record<string, number>): void {
  expect(Object.keys(counted).toSorted()).toEqual(Object.keys(served).toSorted());
  const unseen = Object.entries(served).map(([name, count]) => count - (counted[name] ?? 0));
  expect(Math.min(...unseen)).toBeGreaterThanOrEqual(0);
  expect(unseen.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(locustUsers);
}

describe.skipIf(locustProgram.missing)(
  title('a session that observes Locust', locustProgram),
  { timeout: 120_000 },
  () => {
    const users = `
from locust import FastHttpUser, constant, task

class Visitor(FastHttpUser):
    wait_time = constant(0.05)

    @task(3)
    def work(self):
        self.client.post("/tools", name="tools/call echo", json={"id": 1, "method": "ping"})

    @task(1)
    def missing(self):
        self.client.get("/missing")
`;
    const program = locustProgram.path ?? '';

    // Each has a Locust of its own, and nearly all of their time is waiting for it.
    test.concurrent('starts its test and stops it, and has every request that the server saw', async () => {
      await using server = await CountingMcpServer.start({ health: 200 });
      await using locust = await startLocust(program, users, server.url);
      const run = await emptyFolder(folder.path, 'locust-started');
      const start = [
        '--load-start',
        '--users',
        String(locustUsers),
        '--spawn-rate',
        '4',
        '--baseline',
        '500ms',
      ];
      const limits = ['--threshold', 'error_rate<1%', '--threshold', 'mean<10s'];
      const { code, stdout } = await gaugeway(
        session(server, `locust=${locust.url}`, run, ...start, '--duration', '6s', ...limits),
      );
      expect(code).toBe(1);
      expect(stdout).toContain('gives no distribution');
      const { document, requests, failures } = await observed(run);
      const missing = server.count('GET /missing');
      const calls = server.count('ping');
      expect(missing).toBeGreaterThan(0);
      expectAllThatLocustSaw(requests, { 'GET /missing': missing, 'tools/call echo': calls });
      // Without a session the server refuses every call.
      expect(failures).toEqual(requests);
      expect(document.phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady', 'cool-down']);
      expect(document.settings).toMatchObject({ users: 4, spawnRate: 4, durationMs: 6000 });
      const { load } = document;
      expect(load.requests).toBeGreaterThan(0);
      expect(load.requests).toBeLessThanOrEqual(missing + calls);
      expect(load).toMatchObject({ p50Ms: null, p95Ms: null, p99Ms: null, minMs: null, maxMs: null });
      expect(load.failuresByKind).toEqual({ 'http 404': load.failures });
      expect(load.generator).toMatchObject({
        cpuPercent: null,
        eventLoopDelayP99Ms: null,
        lateStartPercent: null,
      });
      expect(document.notChecked.map(({ ruleId }) => ruleId)).toContain('generator-saturated');
      expect(document.thresholds?.map(({ passed }) => passed)).toEqual([false, true]);
      const { state } = Object(await new LocustClient(locust.url).getJson('/stats/requests'));
      expect(state).toBe('stopped');
    });

    test.concurrent('waits for a test of somebody else, and ends with it', async () => {
      await using server = await CountingMcpServer.start({ health: 200 });
      await using locust = await startLocust(program, users, server.url);
      const client = new LocustClient(locust.url);
      const run = await emptyFolder(folder.path, 'locust-waited');
      const { code } = await gaugeway(session(server, `locust=${locust.url}`, run), {
        when: {
          seen: /waiting for a test to start/,
          run: async () => {
            await client.swarm({ user_count: String(locustUsers), spawn_rate: '2', run_time: '6' });
          },
        },
      });
      expect(code).toBe(1);
      const { document, requests } = await observed(run);
      expectAllThatLocustSaw(requests, {
        'GET /missing': server.count('GET /missing'),
        'tools/call echo': server.count('ping'),
      });
      expect(document.settings).toMatchObject({ users: null, spawnRate: null, durationMs: null });
      expect(document.phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady', 'cool-down']);
    });

    test.concurrent('leaves a test alone that ran before it', async () => {
      await using server = await CountingMcpServer.start({ health: 200 });
      await using locust = await startLocust(program, users, server.url);
      const client = new LocustClient(locust.url);
      await client.swarm({ user_count: '2', spawn_rate: '2' });
      const run = await emptyFolder(folder.path, 'locust-running');
      const refused = await gaugeway(session(server, `locust=${locust.url}`, run, '--load-start'));
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('runs already') });
      const again = await emptyFolder(folder.path, 'locust-running-again');
      await gaugeway(session(server, `locust=${locust.url}`, again, '--duration', '3s'));
      const { document, requests } = await observed(again);
      expect(document.load.requests).toBeGreaterThan(0);
      expect(requests['GET /missing'] ?? 0).toBeLessThan(server.count('GET /missing'));
      expect(Object(await client.getJson('/stats/requests')).state).toBe('running');
    });

    test.concurrent('takes a Locust that goes away for a gap', async () => {
      await using server = await CountingMcpServer.start({ health: 200 });
      const locust = await startLocust(program, users, server.url);
      await new LocustClient(locust.url).swarm({ user_count: '2', spawn_rate: '2' });
      const run = await emptyFolder(folder.path, 'locust-gone');
      const { stderr } = await gaugeway(session(server, `locust=${locust.url}`, run, '--duration', '5s'), {
        when: { seen: /^steady/m, run: async () => locust[Symbol.asyncDispose]() },
      });
      expect(stderr).toContain('it may come back');
      const { document, gaps } = await observed(run);
      expect(gaps.length).toBeGreaterThan(0);
      expect(document.collectors.find(({ name }) => name === 'load')).toMatchObject({ ok: false });
      expect(document.phases.map(({ name }) => name)).toContain('cool-down');
    });
  },
);

const scriptFor = (url: string): string => `
import http from 'k6/http';
import { sleep } from 'k6';

export const options = { stages: [{ duration: '1s', target: 4 }, { duration: '5s', target: 4 }] };

export default function () {
  http.get('${url}/health', { tags: { name: 'health check' } });
  if (__ITER % 4 === 0) http.get('${url}/missing');
  sleep(0.05);
}
`;

describe.skipIf(k6Program.missing ?? mkfifo.missing)(
  title('a session that observes k6', k6Program, mkfifo),
  { timeout: 120_000 },
  () => {
    const program = k6Program.path ?? '';
    // Nearly all of their time is waiting for k6.
    test.concurrent.each([
      ['a file', 'k6.json'],
      ['a FIFO', 'k6.fifo'],
      ['a gzip file', 'k6.json.gz'],
    ])('by %s has every request that the server saw, with its time', async (_what, name) => {
      await using server = await CountingMcpServer.start({ health: 200 });
      const files = await emptyFolder(folder.path, name);
      const output = join(files, name);
      const script = join(files, 'script.js');
      await writeFile(script, scriptFor(server.url));
      if (name === 'k6.fifo') await promisify(execFile)(mkfifo.path ?? '', [output]);
      const run = join(files, 'run');
      let k6: ReturnType<typeof runK6> | undefined;
      // A gzip file comes in blocks, so that its end cannot be seen soon.
      const until = name.endsWith('.gz') ? ['--duration', '7s'] : [];
      const { stdout, stderr } = await gaugeway(
        session(server, `k6=${output}`, run, ...until, '--threshold', 'p95<10s'),
        {
          when: {
            seen: /waiting for k6/,
            run: async () => {
              k6 = runK6(program, ['--out', `json=${output}`, script]);
              await Promise.resolve();
            },
          },
        },
      );
      expect(await k6).toMatchObject({ code: 0 });
      // Also where all of it was read only after its end.
      expect(stdout + stderr).toContain('✓ p95<10s');
      const { document, requests, failures } = await observed(run);
      // The session itself asked once whether the target answers.
      expect(requests).toEqual({
        'health check': server.count('GET /health') - 1,
        'GET /missing': server.count('GET /missing'),
      });
      expect(failures).toEqual({ 'health check': 0, 'GET /missing': server.count('GET /missing') });
      const { load } = document;
      expect(load.failuresByKind).toEqual({ 'http 404': load.failures });
      expect(load.p95Ms).toBeGreaterThan(0);
      expect(load.p99Ms).toBeGreaterThanOrEqual(load.p95Ms ?? Infinity);
    });
  },
);

describe('gaugeway session --load', () => {
  const target = ['--target', 'http://127.0.0.1:1'];
  test.each([
    ['needs a target', ['--load', 'k6=x.json'], '--target'],
    ['knows two tools', [...target, '--load', 'gatling=x'], 'locust=URL or k6=FILE'],
    ['takes the URL of a page', [...target, '--load', 'locust=8089'], "URL of Locust's page"],
    ['does not start k6', [...target, '--load', 'k6=x.json', '--load-start'], 'k6 begins when it is run'],
    ['starts nothing without a tool', [...target, '--load-start'], 'there is none'],
    ['has no users of its own', [...target, '--load', 'k6=x.json', '--users', '5'], 'needs --load-start'],
    ['has no scenario of its own', [...target, '--load', 'k6=x', '--scenario', 'mcp-tools'], '--scenario'],
    ['looks at no other machine', [...target, '--load', 'locust=http://10.0.0.1:8089'], '--allow-remote'],
    [
      'knows no percentile of Locust',
      [...target, '--load', 'locust=http://127.0.0.1:8089', '--threshold', 'p95<1s'],
      'tells no percentile',
    ],
  ])('%s', async (_what, args, message) => {
    const { code, stderr } = await gaugeway(['session', ...args]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
