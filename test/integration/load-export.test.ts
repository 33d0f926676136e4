import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import type { CountingMcpServerOptions } from '../support/counting-mcp-server.ts';
import { ItemServer } from '../support/item-server.ts';
import { title } from '../support/requires.ts';
import { countedBy, programs, runExported } from '../support/run-exported.ts';
import type { Counted } from '../support/run-exported.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function runOwn(args: readonly string[]): Promise<Counted> {
  const { stdout } = await gaugeway(['load', ...args, '--json']);
  return countedBy(JSON.parse(stdout).byName);
}

async function scenarioFile(name: string, definition: object): Promise<string> {
  const path = join(folder.path, `${name}.json`);
  await writeFile(path, JSON.stringify({ name, ...definition }));
  return path;
}

/** Every fifth call of `sum` fails as a tool does; answers are event streams. */
const server: CountingMcpServerOptions = {
  health: 200,
  sse: true,
  tools: [{ name: 'echo' }, { name: 'sum' }],
  onCall: (tool, call, response, id) => {
    if (tool !== 'sum' || call % 5 !== 0) return undefined;
    const result = { isError: true, content: [] };
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ jsonrpc: '2.0', id, result }));
    return true;
  },
};

const definition = {
  variables: { user: '${uuid}' },
  start: [{ mcp: 'tools/list', extract: { first: '$.tools[0].name' } }],
  tasks: [
    {
      weight: 6,
      name: 'say it, then look at it',
      steps: [
        {
          tool: 'echo',
          arguments: { by: 'user ${user}', count: '${int 1 5}', tool: '${first}' },
          extract: { said: '$.content[0].text' },
          check: { json: { "$['content'][0].type": 'text' }, matches: '"o[k]"' },
        },
        { think: '1ms-2ms' },
        { request: 'GET /health', headers: { 'x-said': '${said}' }, check: { status: [200, 204] } },
      ],
    },
    {
      weight: 2,
      steps: [{ tool: 'echo', name: 'never as it should be', arguments: {}, check: { contains: 'nothing' } }],
    },
    { weight: 3, steps: [{ tool: '*' }] },
    { weight: 1, steps: [{ request: 'GET /missing' }] },
  ],
  stop: [{ tool: 'echo', name: 'goodbye', arguments: {} }],
};
const users = 8;
const iterations = 60;

/**
 * Two engines draw tasks by themselves. The difference of two shares of n and m draws has a standard deviation of
 * √(p(1-p)(1/n + 1/m)); five of them leave less than one false alarm in a million comparisons.
 */
function expectSameShares(one: Counted, other: Counted): void {
  expect(Object.keys(one).toSorted()).toEqual(Object.keys(other).toSorted());
  const draws = users * iterations;
  for (const [name, { requests, failures }] of Object.entries(one)) {
    const [mine, theirs] = [requests / draws, (other[name]?.requests ?? 0) / draws];
    const share = Math.min(1, (mine + theirs) / 2);
    const tolerance = 5 * Math.sqrt((share * (1 - share) * 2) / draws);
    expect(Math.abs(mine - theirs), name).toBeLessThanOrEqual(tolerance + 1 / draws);
    expect(kindsOf(failures), name).toEqual(kindsOf(other[name]?.failures ?? {}));
  }
}

/** Without the words of the target, which only our own engine adds. */
function kindsOf(failures: Readonly<Record<string, number>>): string[] {
  return Object.keys(failures).map((kind) => kind.split(': ')[0] ?? '');
}

describe.each([
  ['locust', programs.locust],
  ['k6', programs.k6],
] as const)('a load that is exported', (engine, program) => {
  describe.skipIf(program.missing)(title(`for ${engine}`, program), { timeout: 120_000 }, () => {
    // Most of their time is waiting, for programs that start.
    test.concurrent.each(['legacy', 'modern'])(
      'asks and counts in the %s era what our own engine does',
      async (era) => {
        await using target = await CountingMcpServer.start(server);
        const scenario = await scenarioFile(`same-${engine}-${era}`, definition);
        const args = ['--target', target.url, '--scenario', scenario, '--users', String(users), '--era', era];
        const amount = ['--iterations', String(iterations), '--think', '1ms-1ms', '--spawn-rate', '100'];
        const own = await runOwn([...args, ...amount]);
        target.counts.clear();
        const { counted } = await runExported(engine, folder.path, [...args, ...amount]);
        expectSameShares(own, counted);
        expect(counted['never as it should be']?.failures).toEqual({
          'check contains nothing': counted['never as it should be']?.requests,
        });
        expect(Object.keys(counted['tools/call sum']?.failures ?? {})).toEqual(['isError']);
        expect(counted['GET /missing']?.failures).toEqual({ 'http 404': target.count('GET /missing') });
        expect(counted['goodbye']?.requests).toBe(users);
        // The export itself asked for each tool once, and whether there is a session.
        expect(target.count('GET /health')).toBe(counted['GET /health']?.requests);
        if (era === 'legacy') {
          expect(counted['initialize']?.requests).toBe(users);
          expect(counted['DELETE session']?.requests).toBe(users);
          expect(target.openSessions).toBe(0);
        }
      },
    );

    test.concurrent('opens a session that was lost again', async () => {
      await using target = await CountingMcpServer.start({ callsPerSession: 5 });
      const args = ['--target', target.url, '--scenario', 'mcp-tools', '--users', '2'];
      const { counted } = await runExported(engine, folder.path, [
        ...args,
        '--iterations',
        '14',
        '--think',
        '1ms-1ms',
      ]);
      const { 'tools/call echo': calls, initialize } = counted;
      expect(Object.keys(calls?.failures ?? {})).toEqual(['http 404 session not found']);
      expect(initialize?.requests).toBe(2 + (calls?.failures['http 404 session not found'] ?? 0));
    });

    test.concurrent('takes its token from the environment', async () => {
      const seen = new Set<string | undefined>();
      await using target = await CountingMcpServer.start({
        onCall: (_tool, _call, response) => {
          seen.add(response.req.headers.authorization);
          return undefined;
        },
      });
      const secret = 'a-secret-of-ours';
      const args = ['--target', target.url, '--token', secret, '--users', '1', '--iterations', '2'];
      const { code, script } = await runExported(engine, folder.path, [...args, '--scenario', 'mcp-tools'], {
        GAUGEWAY_TOKEN: secret,
      });
      expect(code).toBe(0);
      expect([...seen]).toEqual([`Bearer ${secret}`]);
      expect(script).not.toContain(secret);
    });

    test.concurrent('takes secret variables from the environment', async () => {
      await using target = await ItemServer.start();
      const secrets = { apiToken: 'hunter2-a', visitor: 'hunter2-b', doorPin: 70_717, note: 'hunter2-c' };
      const scenario = await scenarioFile(`secret-${engine}`, {
        users: 'http',
        variables: { ...secrets, sid: '${uuid}', plain: 'in the script' },
        tasks: [
          {
            steps: [
              {
                request: 'POST /login?sig=${note}',
                headers: { Authorization: 'Bearer ${apiToken}', 'x-plain': '${plain}', 'x-sid': '${sid}' },
                json: { password: '${visitor}', deep: [{ pin: '${doorPin}' }] },
                check: { status: 404 },
              },
            ],
          },
        ],
      });
      const environment = {
        SCENARIO_API_TOKEN: secrets.apiToken,
        SCENARIO_VISITOR: secrets.visitor,
        SCENARIO_DOOR_PIN: String(secrets.doorPin),
        SCENARIO_NOTE: secrets.note,
      };
      const args = ['--target', target.url, '--scenario', scenario, '--users', '1', '--iterations', '1'];
      const run = await runExported(engine, folder.path, args, environment);
      expect(run).toMatchObject({ code: 0 });
      expect(run.script).not.toMatch(/hunter2|70717/);
      expect(run.script).toContain('in the script');
      for (const name of Object.keys(environment)) {
        expect(run.told).toContain(`Wanted in the environment: ${name}`);
        expect(run.script).toMatch(new RegExp(`^(#|//) Wanted in the environment: ${name},`, 'm'));
      }
      expect(target.seen).toMatchObject([
        {
          line: 'POST /login?sig=hunter2-c',
          headers: { authorization: 'Bearer hunter2-a', 'x-plain': 'in the script' },
          body: expect.stringMatching(/^\{"password": ?"hunter2-b", ?"deep": ?\[\{"pin": ?70717\}\]\}$/),
        },
      ]);
      const without = await runExported(engine, folder.path, args);
      expect(without.code).not.toBe(0);
      expect(without.output).toContain('the environment has no SCENARIO_API_TOKEN');
    });

    test.concurrent('runs scenarios whose names mean something to the engine', async () => {
      await using target = await ItemServer.start();
      const files = await Promise.all(
        ['setup', 'default', 'None'].map((name) =>
          scenarioFile(name, {
            users: 'http',
            tasks: [{ steps: [{ request: `GET /of-${name}`, check: { status: 404 } }] }],
          }),
        ),
      );
      const args = ['--target', target.url, ...files.flatMap((file) => ['--scenario', file])];
      const { counted } = await runExported(engine, folder.path, [
        ...args,
        '--users',
        '3',
        '--iterations',
        '2',
      ]);
      expect(counted).toEqual({
        'GET /of-setup': { requests: 2, failures: {} },
        'GET /of-default': { requests: 2, failures: {} },
        'GET /of-None': { requests: 2, failures: {} },
      });
    });

    test.concurrent('fails by its thresholds', async () => {
      await using target = await CountingMcpServer.start(server);
      const args = ['--target', target.url, '--scenario', 'mcp-tools', '--users', '2', '--iterations', '20'];
      const kept = [
        '--threshold',
        'p95<30s',
        '--threshold',
        'tools/call echo:error_rate<1%',
        '--threshold',
        'rps>0',
      ];
      expect((await runExported(engine, folder.path, [...args, ...kept])).code).toBe(0);
      const broken = await runExported(engine, folder.path, [
        ...args,
        ...kept,
        '--threshold',
        'tools/call sum:error_rate<1%',
      ]);
      expect(broken.code).toBe(engine === 'locust' ? 1 : 99);
    });

    test.concurrent('says any text as a text', async () => {
      const hostile = `"""'''\\ \n*/ // # \${NOT} \u2028 é 🙂 \``;
      const name = `name "'\\ 🙂`;
      await using target = await CountingMcpServer.start({ tools: [{ name: 'echo' }] });
      const scenario = await scenarioFile(`hostile-${engine}`, {
        description: hostile.replaceAll('$', '$$$$'),
        variables: { text: hostile.replaceAll('$', '$$$$') },
        tasks: [
          {
            name: `task */ ${name}`,
            steps: [
              {
                tool: 'echo',
                name,
                arguments: { __proto__x: '${text}', [hostile.slice(0, 8)]: [null, true, 1.5, '${text}!'] },
                check: { contains: 'ok' },
              },
            ],
          },
        ],
      });
      const args = ['--target', target.url, '--scenario', scenario, '--users', '1', '--iterations', '1'];
      const { code, counted, output } = await runExported(engine, folder.path, args);
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(counted[name]?.requests).toBe(1);
      expect(target.argumentsSeen.at(-1)).toEqual({
        __proto__x: hostile,
        [hostile.slice(0, 8)]: [null, true, 1.5, `${hostile}!`],
      });
    });

    // By itself, as it goes by the clock.
    test('has the rates of the open model', async () => {
      await using target = await CountingMcpServer.start();
      const args = ['--target', target.url, '--scenario', 'mcp-tools', '--users', '4', '--max-users', '50'];
      const { counted } = await runExported(engine, folder.path, [...args, '--stages', '2s:20,1s:20']);
      // The rates say 20 arrivals in the first two seconds and 20 in the third. k6 begins and ends within one of them.
      // Locust has 20 users in the end, as it looks once a second: each begins one task at once, and none begins more than
      // one a second in three seconds.
      const [least, most] = engine === 'k6' ? [38, 42] : [20, 60];
      expect(counted['tools/call echo']?.requests).toBeGreaterThanOrEqual(least);
      expect(counted['tools/call echo']?.requests).toBeLessThanOrEqual(most);
    });
  });
});

const steps = (...list: object[]): object => ({ tasks: [{ name: 'a task', steps: list }] });
const get = { request: 'GET /x' };

describe('gaugeway load export', () => {
  test.each<[string, string, object, string]>([
    [
      'a path to many places',
      'k6',
      steps({ ...get, extract: { id: '$..id' } }),
      'tasks[0], step 1 (GET /x): the JSONPath $..id',
    ],
    ['a filter', 'locust', steps(get, { ...get, check: { json: { '$[?@.a]': 1 } } }), 'tasks[0], step 2'],
    [
      'a named group in Python',
      'locust',
      steps({ ...get, check: { matches: '(?<a>x)' } }),
      'Python writes otherwise',
    ],
    ['a setup', 'k6', { ...steps(get), setup: [get] }, 'setup: runs once for the whole load'],
    ['the end of a user in k6', 'k6', { ...steps(get), stop: [get] }, 'stop: needs the end of a user'],
    [
      'a secret',
      'k6',
      steps({ ...get, headers: { Authorization: 'Bearer abc' } }),
      'belongs into GAUGEWAY_TOKEN',
    ],
  ])('refuses %s', async (what, engine, definitionOf, message) => {
    const scenario = await scenarioFile(what.replaceAll(' ', '-'), definitionOf);
    const args = ['--engine', engine, '--target', 'http://127.0.0.1:1', '--scenario', scenario];
    const { code, stderr, stdout } = await gaugeway(['load', 'export', ...args]);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('refuses code', async () => {
    const module = join(folder.path, 'coded.mjs');
    await writeFile(module, "export default { name: 'coded', tasks: [{ name: 'mine', run() {} }] };");
    const args = ['--engine', 'k6', '--target', 'http://127.0.0.1:1', '--scenario', module];
    const { code, stderr } = await gaugeway(['load', 'export', ...args]);
    expect(stderr).toContain('task mine: is code of a module');
    expect(code).toBe(2);
  });

  test('asks no other machine without being told to', async () => {
    const { code, stderr } = await gaugeway([
      'load',
      'export',
      '--engine',
      'k6',
      '--target',
      'http://10.0.0.1',
    ]);
    expect(stderr).toContain('--allow-remote');
    expect(code).toBe(2);
  });

  test('writes to standard output, and says on the other what the script says only nearly', async () => {
    await using target = await CountingMcpServer.start();
    const args = ['--engine', 'locust', '--target', target.url, '--rate', '5'];
    const { code, stdout, stderr } = await gaugeway(['load', 'export', ...args]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Exported by gaugeway: mcp-mixed\./);
    for (const note of stderr.split('\n').filter((line) => line.startsWith('Nearly')))
      expect(stdout).toContain(note);
    expect(stderr).toContain('Locust has no open model');
  });
});
