import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtIn } from '../../src/lab/load/load-plan.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadStatsAnswer } from '../../src/lab/load/web/stats-answer.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { findProgram, title } from '../support/requires.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

const run = promisify(execFile);
const python = findProgram('python3');
const curl = findProgram('curl');

let target: CountingMcpServer;
let page: LoadServer;

beforeAll(async () => {
  target = await CountingMcpServer.start({
    tools: [{ name: 'echo' }, { name: 'sometimes' }],
    health: 200,
    // The trial goes well; every second call after it does not.
    onCall: (tool, call, response, id) => {
      if (tool !== 'sometimes' || call % 2 === 1) return undefined;
      const error = { code: -32603, message: 'no' };
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ jsonrpc: '2.0', id, error }));
      return true;
    },
  });
  page = await startLoadServer({
    port: 0,
    defaults: {
      scenarios: [builtIn('mcp-mixed')],
      wait: { kind: 'between', minMs: 1, maxMs: 4 },
      iterationsPerUser: 40,
      token: 'secret',
    },
    defaultHost: target.url,
    allowRemote: false,
    logger: createLogger('silent'),
  });
});
afterAll(async () => {
  await page.close();
  await target[Symbol.asyncDispose]();
});

async function stats(): Promise<LoadStatsAnswer> {
  const response = await fetch(`${page.url}/stats/requests`);
  const answer: LoadStatsAnswer = JSON.parse(await response.text());
  return answer;
}

async function swarm(fields: object): Promise<unknown> {
  const body = new URLSearchParams({ ...fields });
  return (await fetch(`${page.url}/swarm`, { method: 'POST', body })).json();
}

/** Runs `curl … | python3 -c "…"` in a shell, as people type it; gives the lines that it prints. */
async function runPython(script: string): Promise<string[]> {
  const quoted = `import sys, json${script}`.replace(/[\\"$`]/g, (character) => `\\${character}`);
  const { stdout } = await run('/bin/sh', [
    '-c',
    `curl -s ${page.url}/stats/requests | python3 -c "${quoted}"`,
  ]);
  return stdout.trimEnd().split('\n');
}

async function untilState(state: LoadStatsAnswer['state']): Promise<void> {
  await expect.poll(async () => (await stats()).state, patience).toBe(state);
}

describe('before a test', () => {
  it('is ready, with nothing but an empty aggregated row', async () => {
    const answer = await stats();
    expect(answer).toMatchObject({ state: 'ready', user_count: 0, total_rps: 0, fail_ratio: 0, errors: [] });
    expect(answer.stats).toHaveLength(1);
    expect(answer.stats[0]).toMatchObject({ name: 'Aggregated', num_requests: 0, min_response_time: 0 });
  });

  it.each([
    [{ user_count: '0', spawn_rate: '1' }, /^user_count: /],
    [{ user_count: '5' }, /^spawn_rate: /],
    [
      { user_count: '5', spawn_rate: '1', host: 'file:///etc/passwd' },
      /targetUrl: must be an http or https URL/,
    ],
    [
      { user_count: '5', spawn_rate: '1', host: 'http://jo:S3CRET@127.0.0.1' },
      /targetUrl: must be without user and password, which would be shown: use --token$/,
    ],
    [{ user_count: '5', spawn_rate: '1', host: 'http://example.com' }, /example.com is not this machine/],
    [{ user_count: '5', spawn_rate: '1', run_time: 'soon' }, /not a duration/],
    [{ user_count: '5', spawn_rate: '1', user_classes: 'Agent' }, /^user_classes: /],
    [
      { user_count: '5', spawn_rate: '1', host: 'http://localtest.me:1' },
      /localtest.me:1 is not this machine/,
    ],
    [{ user_count: '5', spawn_rate: '1', host: 'http://127.0.0.1.nip.io' }, /is not this machine/],
    [{ user_count: '5', spawn_rate: '1', shape_class: 'Steps' }, /^shape_class: there are no shapes/],
    [{ user_count: '5', spawn_rate: '1', think: '2s-1s' }, /^load plan: wait: the lower bound/],
    [{ user_count: '5', spawn_rate: '1', think: '1s', rate: '5' }, /^give one of think, /],
    [{ user_count: '5', spawn_rate: '1', max_users: '9' }, /^max_users: bounds the users of rate or stages/],
    [{ user_count: '5', spawn_rate: '1', stages: '10s' }, /^not a stage: '10s'/],
    [{ user_count: '5', spawn_rate: '1', era: 'future' }, /^era: /],
    [{ user_count: '5', spawn_rate: '1', request_timeout: '-1' }, /not a duration: '-1'/],
  ])('%j is answered with what is wrong, as Locust does with 200', async (fields, message) => {
    expect(await swarm(fields)).toEqual({
      success: false,
      message: expect.stringMatching(message),
      host: target.url,
    });
    expect((await stats()).state).toBe('ready');
  });
});

describe('a test from start to end', () => {
  it('counts what the target counts', async () => {
    expect(await swarm({ user_count: '5', spawn_rate: '100', host: target.url })).toEqual({
      success: true,
      message: 'Swarming started',
      host: target.url,
    });
    await untilState('stopped');
    const answer = await stats();
    const aggregated = answer.stats.at(-1);
    const rows = answer.stats.slice(0, -1);
    // Without initialize, its notification, the first listing and DELETE of each user.
    expect(aggregated?.num_requests).toBe(5 * (40 + 4));
    expect(answer.total_request_count).toBe(aggregated?.num_requests);
    expect(rows.reduce((sum, row) => sum + row.num_requests, 0)).toBe(aggregated?.num_requests);
    const called = rows.find(({ name }) => name === 'tools/call sometimes');
    // One more reached the target: the trial before the load.
    expect(called?.num_requests).toBe(target.count('tools/call sometimes') - 1);
    expect(called?.num_failures).toBe(Math.floor(target.count('tools/call sometimes') / 2));
    expect(answer.total_fail_count).toBe(called?.num_failures);
    expect(answer.errors).toEqual([
      {
        name: 'tools/call sometimes',
        method: 'POST',
        error: 'json-rpc -32603: no',
        occurrences: called?.num_failures,
        first_seen: expect.any(Number),
        last_seen: expect.any(Number),
      },
    ]);
    expect(rows.find(({ name }) => name === '/health')).toMatchObject({ method: 'GET', num_failures: 0 });
    expect(called?.avg_content_length).toBeGreaterThan(10);
    const { history } = answer.gaugeway;
    expect(history.at(-1)).toMatchObject({ users: 0 });
    const later = await fetch(`${page.url}/stats/requests?since=${history.at(-1)?.atMs}`);
    expect(await later.json()).toMatchObject({ gaugeway: { history: [] } });
  });

  describe.skipIf(python.missing ?? curl.missing)(
    title("Python scripts written for Locust's answer", python, curl),
    () => {
      // The keys, defaults and formats that such scripts read and use, with every one of their pitfalls: a missing key
      // would print 0 and a null would raise.
      it('print the slowest endpoints with their p95 and p99, requests per second and failures', async () => {
        const printed = await runPython(`
data = json.load(sys.stdin)
rows = sorted(data.get('stats', []), key=lambda row: row.get('avg_response_time', 0), reverse=True)[:10]
print(f"{'Name':<40}|{'Count':>8}|{'Mean':>8}")
for row in rows:
    name = row.get('name', '')[:40]
    p95, p99 = row.get('response_time_percentile_0.95', 0), row.get('response_time_percentile_0.99', 0)
    print(f"{name:<40}|{row.get('num_requests', 0):>8}|{row.get('avg_response_time', 0):>8.0f}|{p95:>8.0f}|{p99:>8.0f}")
print(f"RPS: {data.get('total_rps', 0):.1f}, Users: {data.get('user_count', 0)}, Failures: {data.get('total_fail_count', 0)}")`);
        const counted = new Map(
          printed
            .map((line) => line.split('|').map((cell) => cell.trim()))
            .map(([name, count]) => [name, count]),
        );
        expect(counted.get('Aggregated')).toBe('220');
        // One more of each reached the target: the trial before the load.
        for (const tool of ['echo', 'sometimes']) {
          expect(counted.get(`tools/call ${tool}`)).toBe(String(target.count(`tools/call ${tool}`) - 1));
        }
        expect(counted.get('/health')).toBe(String(target.count('GET /health') - 1));
        const { total_rps: rps } = await stats();
        const failed = Math.floor(target.count('tools/call sometimes') / 2);
        expect(printed.at(-1)).toBe(`RPS: ${rps.toFixed(1)}, Users: 0, Failures: ${failed}`);
      });

      it('print each error with its number', async () => {
        const printed = await runPython(`
data = json.load(sys.stdin)
for e in data.get('errors', []):
    print(f"  {e.get('name')}: {e.get('occurrences')} - {e.get('error')[:80]}")`);
        const failed = Math.floor(target.count('tools/call sometimes') / 2);
        expect(printed).toEqual([`  tools/call sometimes: ${failed} - json-rpc -32603: no`]);
      });

      it('find one endpoint by its name, or nothing', async () => {
        const printed = await runPython(`
data = json.load(sys.stdin)
for name in ('/health', '/admin/'):
    row = next((each for each in data.get('stats', []) if each.get('name') == name), {})
    print(f"{data.get('total_rps', 0):.0f} {name} {row.get('num_requests', 0)} {row.get('avg_response_time', 0):.0f}ms")`);
        const mean = (await stats()).stats.find(({ name }) => name === '/health')?.avg_response_time;
        expect(printed[0]).toMatch(
          new RegExp(`^\\d+ /health ${target.count('GET /health') - 1} ${mean?.toFixed(0)}ms$`),
        );
        expect(printed[1]).toMatch(/ \/admin\/ 0 0ms$/);
      });
    },
  );

  it('forgets its figures when asked to', async () => {
    expect(await (await fetch(`${page.url}/stats/reset`)).text()).toBe('ok');
    expect(await stats()).toMatchObject({ total_request_count: 0, errors: [], state: 'stopped' });
  });
});

describe('strangers', () => {
  it.each([
    ['a name that was bound to this address', '/stats/requests', { host: 'evil.example:8089' }, 'GET'],
    ["another site's form", '/swarm', { origin: 'https://evil.example' }, 'POST'],
    ["another port's page", '/swarm', { origin: 'http://127.0.0.1:1' }, 'POST'],
    ['an opaque origin', '/swarm', { origin: 'null' }, 'POST'],
    ["another site's image", '/stop', { 'sec-fetch-site': 'cross-site' }, 'GET'],
  ])('%s is refused', async (_who, path, headers, method) => {
    expect(await status(path, headers, method)).toBe(403);
  });

  it('get no permission to read answers', async () => {
    const response = await fetch(`${page.url}/stats/requests`, { headers: { origin: page.url } });
    expect(response.status).toBe(200);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('get no body of any size', async () => {
    const response = await fetch(`${page.url}/swarm`, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(response.status).toBe(413);
  });

  it.each(['/', '/stats/requests', '/exceptions', '/tasks', '/stats/requests/csv', '/events'])(
    'are told by HEAD %s what GET would answer, without its body',
    async (path) => {
      const head = await fetch(`${page.url}${path}`, { method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(await head.text()).toBe('');
      expect(head.headers.get('content-type')).toMatch(/^(text|application)\//);
    },
  );

  it('find nothing elsewhere', async () => {
    expect(await status('/swarm', {})).toBe(405);
    expect(await status('/etc/passwd', {})).toBe(404);
    expect(await status('/%2e%2e/%2e%2e/package.json', {})).toBe(404);
  });
});

/** fetch would not send these headers as given. */
async function status(
  path: string,
  headers: Record<string, string>,
  method = 'GET',
): Promise<number | undefined> {
  const sent = request(`${page.url}${path}`, { method, headers });
  sent.end(method === 'POST' ? 'user_count=1&spawn_rate=1' : undefined);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  sent.on('error', reject).on('response', (response) => {
    text(response).then(() => resolve(response.statusCode), reject);
  });
  return promise;
}
