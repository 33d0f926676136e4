import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { builtIn, createLoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import { readScenario } from '../../src/lab/load/scenarios/read-scenario.ts';
import type { ScenarioDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { ItemServer } from '../support/item-server.ts';
import { runScenarios as run, scenario } from '../support/run-scenarios.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const logger = createLogger('silent');

/** Logs in once, then every task makes an item, looks at it by both ways to name it, and deletes it. */
const items: ScenarioDefinition = {
  name: 'items',
  variables: { size: 10 },
  setup: [{ request: 'POST /login', json: { user: 'a' }, extract: { key: '$.key', user: '$.user.id' } }],
  tasks: [
    {
      steps: [
        {
          request: 'POST /items',
          headers: { 'X-Key': '${key}' },
          json: { size: '${size}', by: 'user ${user}', tags: ['${int 7 7}'] },
          extract: { id: '$.id', place: 'header Location' },
          check: { status: 201 },
        },
        {
          request: 'GET /items/${id}',
          name: '/items/:id',
          headers: { 'X-Key': '${key}' },
          check: { json: { '$.kind': 'item' } },
        },
        { think: '1ms-2ms' },
        { request: 'DELETE /${place}', name: '/items/:id', headers: { 'X-Key': '${key}' } },
      ],
    },
  ],
  teardown: [{ request: 'POST /logout', form: { user: '${user}' } }],
};

describe('a scenario of HTTP', () => {
  it.each([1, 2])(
    'sends exactly its steps, with what it took from earlier answers (%d processes)',
    async (processes) => {
      await using server = await ItemServer.start();
      const { requests, failures, summary } = await run(server.url, [scenario(items)], { processes });
      expect(requests).toEqual({ 'POST /items': 20, 'GET /items/:id': 20, 'DELETE /items/:id': 20 });
      expect(failures).toEqual({});
      // Setup and teardown are in no figure, and happen once.
      expect(server.counts).toEqual({
        'POST /login': 1,
        'POST /items': 20,
        'GET /items/:id': 20,
        'DELETE /items/:id': 20,
        'POST /logout': 1,
      });
      expect(server.left).toBe(0);
      const made = server.seen.find(({ line }) => line === 'POST /items');
      expect(JSON.parse(made?.body ?? '')).toEqual({ size: 10, by: 'user 42', tags: [7] });
      expect(made?.headers['content-type']).toBe('application/json');
      expect(server.seen.at(-1)).toMatchObject({ line: 'POST /logout', body: 'user=42' });
      expect(summary).toMatchObject({ scenario: 'items', leftOut: [] });
      expect(summary.tasks.map(({ share }) => share)).toEqual([1 / 3, 1 / 3, 1 / 3]);
      expect(summary.protocolVersion).toBeUndefined();
    },
  );

  it('goes below the path of the base URL, with the token in its place', async () => {
    await using server = await ItemServer.start();
    const { requests, failures } = await run(
      `${server.url}/api/`,
      [
        scenario({
          name: 'x',
          tasks: [{ steps: [{ request: 'GET /health?full=1', check: { status: 404 } }] }],
        }),
      ],
      { token: 'abc', users: 1, iterationsPerUser: 2 },
    );
    expect(requests).toEqual({ 'GET /health?full=1': 2 });
    expect(failures).toEqual({});
    expect(server.counts).toEqual({ 'GET /api/health?full=1': 2 });
    expect(server.seen[0]?.headers.authorization).toBe('Bearer abc');
  });

  it('ends a task at the step that fails, under its own name', async () => {
    await using server = await ItemServer.start();
    const step = { request: 'POST /login' };
    const task = (name: string, more: object) => ({
      steps: [{ ...step, name, ...more }, { request: 'GET /never' }],
    });
    const { requests, failures } = await run(
      server.url,
      [
        scenario({
          name: 'checks',
          tasks: [
            task('status', { check: { status: 204 } }),
            task('contains', { check: { contains: 'nowhere' } }),
            task('matches', { check: { matches: '^\\[' } }),
            task('json', { check: { json: { '$.user.id': 43 } } }),
            task('extract', { extract: { gone: '$.gone' } }),
            task('header', { extract: { tag: 'header ETag' } }),
          ],
        }),
      ],
      { iterationsPerUser: 60 },
    );
    expect(Object.values(requests).reduce((sum, count) => sum + count, 0)).toBe(240);
    expect(requests['GET /never']).toBeUndefined();
    expect(
      Object.fromEntries(Object.entries(failures).map(([name, kinds]) => [name, Object.keys(kinds)])),
    ).toEqual({
      'POST status': ['http 200'],
      'POST contains': ['check contains nowhere'],
      'POST matches': ['check matches ^\\['],
      'POST json': ['check $.user.id is 43'],
      'POST extract': ['extract gone'],
      'POST header': ['extract tag'],
    });
  });

  it('does not begin when its setup fails, and says at which step', async () => {
    await using server = await ItemServer.start();
    const broken = { ...items, setup: [{ request: 'POST /login' }, { request: 'POST /nowhere' }] };
    await expect(
      run(server.url, [scenario({ ...broken, tasks: [{ steps: [{ request: 'GET /x' }] }], teardown: [] })]),
    ).rejects.toThrow('the setup of items failed at step 2 (POST /nowhere): http 404');
  });
});

describe('a scenario that says when its tasks begin', () => {
  it('ends by itself after its last stage, with the users of its stages', async () => {
    await using server = await ItemServer.start();
    const staged: ScenarioDefinition = {
      name: 'staged',
      wait: '20ms',
      stages: [
        { duration: '100ms', users: 6 },
        { duration: '1500ms', users: 6 },
      ],
      tasks: [{ steps: [{ request: 'POST /login' }] }],
    };
    const most: number[] = [];
    const load = startLoad(createLoadPlan({ targetUrl: server.url, scenarios: [scenario(staged)] }), {
      logger,
      onSample: ({ users }) => most.push(users),
    });
    await load.finished;
    expect(Math.max(...most)).toBe(6);
    expect(server.counts['POST /login']).toBeGreaterThan(6);
  });
});

describe('a scenario of MCP', () => {
  it('lists first, calls tools by name or pattern, and churns sessions', async () => {
    await using server = await CountingMcpServer.start({
      tools: [{ name: 'demo-echo' }, { name: 'demo-time' }],
    });
    const { requests, failures, summary } = await run(server.url, [
      scenario({
        name: 'agents',
        start: [{ mcp: 'tools/list' }],
        tasks: [
          {
            steps: [
              { session: 'new' },
              {
                tool: '*echo',
                arguments: { message: 'no ${int 1 1}' },
                extract: { said: '$.content[0].text' },
              },
              { tool: 'demo-time', arguments: { after: '${said}' }, check: { contains: '"ok"' } },
              { tool: '*', name: 'any tool' },
            ],
          },
          { steps: [{ tool: 'gone', arguments: {} }] },
        ],
        stop: [{ mcp: 'ping', name: 'goodbye' }],
      }),
    ]);
    expect(failures).toEqual({});
    expect(requests).toEqual({
      initialize: 24,
      'notifications/initialized': 24,
      'tools/list': 4,
      'tools/call demo-echo': 20,
      'tools/call demo-time': 20,
      'any tool': 20,
      goodbye: 4,
      'DELETE session': 24,
    });
    expect(summary.leftOut).toEqual([{ name: 'gone', reason: 'the target lists no such tool' }]);
    expect(server.argumentsSeen).toContainEqual({ message: 'no 1' });
    expect(server.argumentsSeen).toContainEqual({ after: 'ok' });
    expect(server.openSessions).toBe(0);
  });

  it('calls a tool only with arguments that it took before the load', async () => {
    const numbers = { type: 'object', properties: { n: { type: 'integer', minimum: 1 } }, required: ['n'] };
    await using server = await CountingMcpServer.start({
      tools: [{ name: 'half', inputSchema: numbers }],
      onCall: (_tool, _call, response, id, given) => {
        if (Number(given['n']) % 2 === 0) return undefined;
        const error = { code: -32602, message: 'n must be even' };
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ jsonrpc: '2.0', id, error }));
        return true;
      },
    });
    const { failures, requests, summary } = await run(server.url, [builtIn('mcp-tools')], {
      iterationsPerUser: 20,
    });
    expect(failures).toEqual({});
    expect(requests['tools/call half']).toBe(80);
    expect(summary.leftOut).toEqual([]);
    const asked = server.argumentsSeen.slice(-80).map((given) => Object(given).n % 2);
    expect(asked).toEqual(Array.from({ length: 80 }, () => 0));
  });

  it('tells a tool that fails now and then from one that takes no such arguments', async () => {
    await using server = await CountingMcpServer.start({
      tools: [{ name: 'flickers' }, { name: 'refuses' }],
      onCall: (tool, call, response, id) => {
        if (tool === 'flickers' && call > 1) return undefined;
        const result = { isError: true, content: [{ type: 'text', text: 'no' }] };
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
        return true;
      },
    });
    const { requests, summary } = await run(server.url, [builtIn('mcp-tools')]);
    expect(requests['tools/call flickers']).toBe(20);
    expect(summary.leftOut).toEqual([
      { name: 'refuses', reason: 'a trial call with made-up arguments gave isError: no' },
    ]);
  });

  it('tries what is optional with what users extract at their start', async () => {
    await using server = await ItemServer.start();
    const { summary, failures } = await run(server.url, [
      scenario({
        name: 'mine',
        start: [
          { request: 'POST /login', extract: { key: '$.key' } },
          { request: 'POST /items', headers: { 'X-Key': '${key}' }, extract: { id: '$.id' } },
        ],
        tasks: [
          {
            optional: true,
            steps: [{ request: 'GET /items/${id}', name: '/items/:id', headers: { 'X-Key': '${key}' } }],
          },
        ],
      }),
    ]);
    expect(summary.leftOut).toEqual([]);
    expect(failures).toEqual({});
  });

  it('leaves out what is optional and not there', async () => {
    await using server = await CountingMcpServer.start();
    const { summary, requests } = await run(server.url, [builtIn('mcp-mixed')]);
    expect(summary.leftOut).toEqual([
      { name: 'GET /health', reason: 'the target has no such thing (http 404)' },
    ]);
    expect(requests['GET /health']).toBeUndefined();
  });
});

const getOnly = (name: string, weight: number) =>
  scenario({ name, tasks: [{ steps: [{ request: `GET /${name}`, check: { status: 404 } }] }] }, weight);

describe('several scenarios', () => {
  it('share the users by their weights, each user with its own', async () => {
    await using server = await ItemServer.start();
    const { requests, summary } = await run(server.url, [getOnly('a', 3), getOnly('b', 1)], {
      users: 40,
      iterationsPerUser: 1,
    });
    expect(requests).toEqual({ 'GET /a': 30, 'GET /b': 10 });
    expect(summary.tasks).toEqual([
      { name: 'GET /a', share: 0.75 },
      { name: 'GET /b', share: 0.25 },
    ]);
    expect(summary.scenario).toBe('a, b');
  });
});

describe('a file', () => {
  it('of YAML is a scenario; a mistake is told with its line', async () => {
    await using folder = await temporaryFolder();
    await using server = await ItemServer.start();
    const file = join(folder.path, 'x.yaml');
    await writeFile(
      file,
      'name: x\ntasks:\n  - steps:\n      - request: GET /x\n        check: { status: 404 }\n',
    );
    const { requests } = await run(server.url, [await readScenario(`${file}=2`)], { users: 1 });
    expect(requests).toEqual({ 'GET /x': 5 });
    await writeFile(
      file,
      'name: x\ntasks:\n  - steps:\n      - request: GET /x\n        check: { status: 1 }\n',
    );
    await expect(readScenario(file)).rejects.toThrow(`${file}:5: tasks[0].steps[0].check.status`);
    await writeFile(file, 'name: [x\n');
    await expect(readScenario(file)).rejects.toThrow(`${file}:2: `);
  });

  it('that is a module runs its code, and what the code throws is no failure of the target', async () => {
    await using folder = await temporaryFolder();
    await using server = await ItemServer.start();
    const file = join(folder.path, 'code.ts');
    await writeFile(
      file,
      `interface User { variables: Record<string, unknown>; random(): number; step(step: object): Promise<string | undefined> }
       export default {
         name: 'code',
         users: 'http',
         tasks: [
           { name: 'fine', run: async (user: User) => {
             if ((await user.step({ request: 'POST /login', extract: { key: '$.key' } })) !== undefined) return;
             for (let n = 0; n < 2; n += 1) {
               await user.step({ request: 'POST /items', headers: { 'x-key': '\${key}' }, json: { n } });
             }
           } },
           { name: 'broken', run: () => { throw new Error('not today'); } },
         ],
       };`,
    );
    const { requests, failures, exceptions } = await run(server.url, [await readScenario(file)], {
      iterationsPerUser: 20,
    });
    expect(failures).toEqual({});
    const logins = requests['POST /login'] ?? 0;
    expect(requests['POST /items']).toBe(2 * logins);
    expect(exceptions).toEqual({ 'not today': 80 - logins });
    expect(server.counts).toEqual({ 'POST /login': logins, 'POST /items': 2 * logins });
  });

  test.each(['nowhere.yaml', 'mcp-nothing'])('that is not there is refused: %s', async (name) => {
    await expect(readScenario(name)).rejects.toMatchObject({ code: 'usage' });
  });
});
