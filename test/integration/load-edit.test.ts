import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtIn } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LoadServer } from '../../src/lab/load/web/load-server.ts';
import type { LocustTasks } from '../../src/lab/load/web/locust-answers.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

let target: CountingMcpServer;
let page: LoadServer & AsyncDisposable;

beforeAll(async () => {
  target = await CountingMcpServer.start({ health: 200 });
  page = await startLoadServerFor(target.url);
});
afterAll(async () => {
  await page.close();
  await target[Symbol.asyncDispose]();
});

function edit(fields: object): Promise<Response> {
  return fetch(`${page.url}/user`, {
    method: 'POST',
    body: JSON.stringify(fields),
    headers: { 'content-type': 'application/json' },
  });
}

describe('POST /user', () => {
  it('sets the host that the next test begins with', async () => {
    const other = target.url.replace('127.0.0.1', 'localhost');
    const answer = await edit({ user_class_name: 'mcp-tools', host: `${other}/` });
    expect([answer.status, await answer.json()]).toEqual([201, {}]);
    expect(page.test.host).toBe(other);
    expect((await edit({ user_class_name: 'mcp-tools', host: target.url })).status).toBe(201);
  });

  it('takes back what it was told of a scenario', async () => {
    const { per_class: classes }: LocustTasks = JSON.parse(await (await fetch(`${page.url}/tasks`)).text());
    const tasks = Object.keys(classes['mcp-tools']?.tasks ?? {});
    expect(tasks).toHaveLength(1);
    const fields = { user_class_name: 'mcp-tools', host: null, tasks, weight: 1, fixed_count: 0 };
    expect((await edit(fields)).status).toBe(201);
  });

  it.each([
    [{ user_class_name: 'Agent' }, 404, "no scenario 'Agent': there are mcp-tools, "],
    [{ user_class_name: 'mcp-mixed', min_wait: 5 }, 422, 'min_wait: is not what a scenario has: host, tasks'],
    [{ user_class_name: 'mcp-mixed', weight: 0 }, 422, 'weight: '],
    [{ user_class_name: 'mcp-mixed', fixed_count: 2 }, 422, 'fixed_count: users are drawn by the weights'],
    [{ user_class_name: 'mcp-mixed', tasks: ['ping'] }, 422, 'tasks: a scenario runs all of its own: '],
    [
      { user_class_name: 'mcp-mixed', host: 'http://jo:S3CRET@127.0.0.1' },
      400,
      'must be without user and password',
    ],
    [{ user_class_name: 'mcp-mixed', host: 'http://example.com' }, 400, 'example.com is not this machine'],
    [[], 400, 'the body is not a JSON object'],
  ])('%j is refused with %d', async (fields, code, message) => {
    const answer = await edit(fields);
    expect(answer.status).toBe(code);
    expect(await answer.text()).toContain(message);
  });
});

describe('a test that runs', () => {
  it('takes the older names and JSON, changes its users, and stops', async () => {
    await using endless = await startLoadServerFor(target.url);
    const ask = async (path: string, body?: object): Promise<unknown> => {
      const init = {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      };
      return (await fetch(`${endless.url}${path}`, body === undefined ? {} : init)).json();
    };
    const current = () => ask('/stats/requests');
    expect(await ask('/swarm', { locust_count: 3, hatch_rate: 100 })).toMatchObject({
      message: 'Swarming started',
    });
    await expect.poll(current, patience).toMatchObject({ state: 'running', user_count: 3 });
    expect(await ask('/swarm', { users: 7, spawn_rate: 100 })).toMatchObject({ success: true });
    await expect.poll(current, patience).toMatchObject({ state: 'running', user_count: 7 });
    expect(await ask('/swarm', { users: 7, spawn_rate: 100, host: 'http://localhost:1' })).toEqual({
      success: false,
      message: `the test runs against ${target.url}: stop it first`,
      host: target.url,
    });
    expect(await ask('/stop')).toEqual({ success: true, message: 'Test stopped' });
    expect(await current()).toMatchObject({ state: 'stopped', user_count: 0, current_rps: 0 });
  });

  it('gives its users to several scenarios by their weights', async () => {
    await using endless = await startLoadServerFor(target.url);
    const post = (path: string, type: string, body: string): Promise<Response> =>
      fetch(`${endless.url}${path}`, { method: 'POST', body, headers: { 'content-type': type } });
    const weight = (of: number): Promise<Response> =>
      post('/user', 'application/json', JSON.stringify({ user_class_name: 'mcp-discovery', weight: of }));
    expect((await weight(3)).status).toBe(201);
    const form = 'user_count=8&spawn_rate=100&user_classes=mcp-tools&user_classes=mcp-discovery';
    expect(await (await post('/swarm', 'application/x-www-form-urlencoded', form)).json()).toMatchObject({
      success: true,
      user_classes: ['mcp-tools', 'mcp-discovery'],
    });
    await expect.poll(() => endless.test.statistics.users, patience).toBe(8);
    expect(endless.test.tasks.total).toMatchObject({
      'mcp-tools': { ratio: 0.25 },
      'mcp-discovery': { ratio: 0.75 },
    });
    expect((await weight(1)).status).toBe(409);
  });

  it('keeps its run time when its users are changed, and takes a new one', async () => {
    await using endless = await startLoadServerFor(target.url);
    const ask = async (fields: Record<string, string>): Promise<number | null> => {
      await fetch(`${endless.url}/swarm`, { method: 'POST', body: new URLSearchParams(fields) });
      return endless.test.details(0).endsAtMs;
    };
    const endsAtMs = await ask({ user_count: '1', spawn_rate: '9', run_time: '10m' });
    expect(await ask({ user_count: '2', spawn_rate: '9' })).toBe(endsAtMs);
    expect(await ask({ user_count: '2', spawn_rate: '9', run_time: '1h' })).toBeGreaterThan(endsAtMs ?? 0);
    await fetch(`${endless.url}/stop`);
    expect(endless.test.details(0).endsAtMs).toBeNull();
  });

  it('sends arrivals by the clock when it is told so, and cannot be told otherwise while it runs', async () => {
    await using endless = await startLoadServerFor(target.url);
    const ask = async (fields: Record<string, string>): Promise<unknown> => {
      const body = new URLSearchParams({ user_count: '2', spawn_rate: '100', ...fields });
      return (await fetch(`${endless.url}/swarm`, { method: 'POST', body })).json();
    };
    expect(
      await ask({ stages: '1s:30', max_users: '50', era: 'modern', request_timeout: '2s' }),
    ).toMatchObject({
      success: true,
    });
    expect(await ask({ rate: '5' })).toMatchObject({
      success: false,
      message: 'a test that runs keeps its think time, rates, era and timeout: stop it first',
    });
    const settings = { stages: '1s:30', maxUsers: '50', era: 'modern', requestTimeout: '2s' };
    expect(endless.test.details(0).settings).toEqual(settings);
    await expect.poll(() => endless.test.state, patience).toBe('stopped');
    expect(endless.test.statistics.arrivals).toMatchObject({ planned: 15, dropped: 0 });
    // The next one begins as the command was started.
    expect(await ask({})).toMatchObject({ success: true });
    expect(endless.test.details(0).settings).toEqual({
      think: '5ms-20ms',
      era: 'legacy',
      requestTimeout: '30s',
    });
  });

  it('keeps to the stages of its users, and says so to whoever asks for others', async () => {
    const staged = readDefinition({
      name: 'staged',
      users: 'http',
      stages: [{ duration: '60s', users: 3 }],
      tasks: [{ steps: [{ request: 'GET /health' }] }],
    });
    await using endless = await startLoadServerFor(target.url, [{ weight: 1, scenario: staged }]);
    const ask = async (users: string): Promise<unknown> => {
      const body = new URLSearchParams({ user_count: users, spawn_rate: '100' });
      return (await fetch(`${endless.url}/swarm`, { method: 'POST', body })).json();
    };
    expect(await ask('3')).toMatchObject({ success: true });
    await expect.poll(() => endless.test.state, patience).toBe('running');
    expect(await ask('50')).toMatchObject({
      success: false,
      message: 'its users follow stages: stop it first',
    });
    expect(endless.test.state).toBe('running');
    expect(endless.test.details(0).users).toBe(3);
  });

  it('tells the later of two requests that come at once', async () => {
    await using endless = await startLoadServerFor(target.url);
    const { test } = endless;
    const [first, second] = [
      test.swarm({ users: 3, spawnRate: 50, runTimeMs: 60_000, settings: {} }),
      test.swarm({ users: 7, spawnRate: 100, runTimeMs: 120_000, settings: {} }),
    ];
    await second;
    const { endsAtMs } = test.details(0);
    await first;
    expect(test.details(0)).toMatchObject({ users: 7, spawnRate: 100, endsAtMs });
    await expect.poll(() => test.statistics.users, patience).toBe(7);
  });

  it('stops by itself after its run time', async () => {
    await using endless = await startLoadServerFor(target.url);
    const body = new URLSearchParams({ user_count: '2', spawn_rate: '10', run_time: '1s' });
    await fetch(`${endless.url}/swarm`, { method: 'POST', body });
    await expect.poll(() => endless.test.state, patience).toBe('stopped');
    expect(endless.test.statistics.total.requests).toBeGreaterThan(0);
  });

  it('says why it could not start, and can be started again', async () => {
    await using endless = await startLoadServerFor(target.url);
    const start = async (host: string): Promise<unknown> => {
      const body = new URLSearchParams({ user_count: '1', spawn_rate: '1', host });
      return (await fetch(`${endless.url}/swarm`, { method: 'POST', body })).json();
    };
    expect(await start('http://127.0.0.1:1')).toEqual({
      success: false,
      message: expect.stringContaining('connect ECONNREFUSED'),
      host: 'http://127.0.0.1:1',
    });
    await expect.poll(() => endless.test.state, patience).toBe('stopped');
    expect(endless.test.details(0).error).toContain('connect ECONNREFUSED');
    expect(await start(target.url)).toMatchObject({ success: true });
  });
});

/** A page whose loads go on until they are stopped. */
async function startLoadServerFor(
  host: string,
  scenarios: LoadPlan['scenarios'] = [builtIn('mcp-tools')],
): Promise<LoadServer & AsyncDisposable> {
  const server = await startLoadServer({
    port: 0,
    defaults: { scenarios, wait: { kind: 'between', minMs: 5, maxMs: 20 } },
    defaultHost: host,
    allowRemote: false,
    logger: createLogger('silent'),
  });
  return { ...server, [Symbol.asyncDispose]: () => server.close() };
}
