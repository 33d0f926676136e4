import { describe, expect, it, test } from 'vitest';
import { builtInScenarios } from './built-in.ts';
import { readDefinition, ScenarioError } from './scenario-definition.ts';
import type { ScenarioDefinition } from './scenario-definition.ts';

const health = { request: 'GET /health' };
const withSteps = (...steps: unknown[]): unknown => ({ name: 'x', tasks: [{ steps }] });

const waitOf = (wait: ScenarioDefinition['wait']) =>
  readDefinition({ name: 'x', wait, tasks: [{ steps: [health] }] }).wait;
const executorOf = (stages: unknown) =>
  readDefinition({ name: 'x', stages, tasks: [{ steps: [health] }] }).executor;
const protocolOf = (...steps: unknown[]) => readDefinition(withSteps(...steps)).protocol;
/** Each part finds a name of its own. */
const withPart = (part: object): unknown => ({
  name: 'x',
  variables: { given: 1 },
  setup: [{ ...health, extract: { fromSetup: '$.a' } }],
  start: [{ ...health, extract: { fromStart: '$.a' } }],
  tasks: [{ steps: [{ ...health, extract: { fromTask: '$.a' } }] }],
  ...part,
});
const asks = (name: string) => [{ request: `GET /\${${name}}` }];

describe('a definition', () => {
  it('is read with its defaults', () => {
    expect(readDefinition({ name: 'x', tasks: [{ steps: [health] }] })).toEqual({
      name: 'x',
      protocol: 'http',
      variables: {},
      setup: [],
      start: [],
      tasks: [
        {
          weight: 1,
          optional: false,
          steps: [{ kind: 'http', method: 'GET', path: '/health', headers: {}, extract: [] }],
        },
      ],
      stop: [],
      teardown: [],
    });
  });

  it('says everything that a scenario can be', () => {
    const definition: ScenarioDefinition = {
      name: 'shop',
      description: 'buys things',
      users: 'mcp',
      variables: { size: 10, tag: 'run-${int 1 9}' },
      wait: '1s-2s',
      stages: [
        { duration: '10s', rate: 5 },
        { duration: '1m', rate: 20 },
      ],
      setup: [{ request: 'POST /login', json: { user: 'a' }, extract: { key: '$.access_token' } }],
      start: [{ mcp: 'tools/list' }],
      tasks: [
        {
          name: 'buy',
          weight: 3,
          optional: true,
          steps: [
            {
              request: 'post /carts',
              headers: { 'X-Key': '${key}' },
              form: { size: '${size}' },
              extract: { cart: 'header Location' },
              check: { status: [200, 201], contains: 'ok', json: { '$.size': 10 }, within: '500ms' },
            },
            { think: '10ms-20ms' },
            { tool: 'order', arguments: { cart: '${cart}' }, check: { matches: 'o.der' } },
            { mcp: 'tools/list', path: '/rpc', name: 'rpc list' },
            { session: 'new' },
          ],
        },
      ],
      stop: [{ request: 'DELETE /carts/all' }],
      teardown: [{ request: 'POST /logout', body: '${key}' }],
    };
    expect(readDefinition(definition)).toMatchObject({
      protocol: 'mcp',
      wait: { kind: 'between', minMs: 1000, maxMs: 2000 },
      executor: {
        kind: 'ramping-arrival-rate',
        stages: [{ durationMs: 10_000, ratePerS: 5 }, { ratePerS: 20 }],
      },
      setup: [
        {
          body: { kind: 'json', value: { user: 'a' } },
          extract: [{ variable: 'key', from: { kind: 'json', path: '$.access_token' } }],
        },
      ],
      tasks: [
        {
          steps: [
            {
              method: 'POST',
              body: { kind: 'form', fields: { size: '${size}' } },
              extract: [{ variable: 'cart', from: { kind: 'header', name: 'location' } }],
              check: {
                status: [200, 201],
                contains: 'ok',
                json: [{ path: '$.size', equals: 10 }],
                withinMs: 500,
              },
            },
            { kind: 'think', wait: { kind: 'between', minMs: 10, maxMs: 20 } },
            { kind: 'tool', tool: 'order', arguments: { cart: '${cart}' } },
            { kind: 'mcp', method: 'tools/list', path: '/rpc', name: 'rpc list' },
            { kind: 'session' },
          ],
        },
      ],
    });
  });

  it('keeps the pace of its users', () => {
    expect(waitOf('250ms')).toEqual({ kind: 'constant', ms: 250 });
    expect(waitOf({ pacing: '2s' })).toEqual({ kind: 'constant-pacing', ms: 2000 });
    expect(waitOf({ throughput: 0.5 })).toEqual({ kind: 'constant-throughput', tasksPerS: 0.5 });
  });

  it('has stages of users or of a rate, and not of both', () => {
    expect(
      executorOf([
        { duration: '30s', users: 50 },
        { duration: '1m', users: 0 },
      ]),
    ).toEqual({
      kind: 'staged-users',
      stages: [
        { durationMs: 30_000, users: 50 },
        { durationMs: 60_000, users: 0 },
      ],
    });
    expect(() =>
      executorOf([
        { duration: '30s', users: 5 },
        { duration: '30s', rate: 5 },
      ]),
    ).toThrow(
      'stages: stages are a list of { duration: 30s, users: 50 }, or of { duration: 30s, rate: 100 } a second',
    );
    expect(() => executorOf([{ duration: '30s', users: 0 }])).toThrow('stages: the stages hold no user');
  });

  it('is that of users with a session as soon as one step needs it, unless it says otherwise', () => {
    expect(protocolOf(health, { tool: 'echo' })).toBe('mcp');
    expect(protocolOf({ mcp: 'tools/list', path: '/rpc' })).toBe('http');
    expect(() => readDefinition({ name: 'x', users: 'http', tasks: [{ steps: [{ tool: 'a' }] }] })).toThrow(
      'tasks[0].steps[0]: needs an MCP session: write users: mcp',
    );
  });
});

describe('what is wrong is told with its place', () => {
  test.each<[what: string, definition: unknown, message: string]>([
    ['no object', 'x', 'a scenario is an object with name and tasks'],
    ['no task', { name: 'x', tasks: [] }, 'tasks: a scenario has at least one task'],
    ['a name that is none', { name: 'a b', tasks: [{ steps: [health] }] }, 'name: letters'],
    [
      'a step of no kind',
      withSteps({ get: '/x' }),
      'tasks[0].steps[0]: a step has one of request, mcp, tool, think, session',
    ],
    [
      'a key that there is not',
      withSteps({ ...health, chek: {} }),
      'tasks[0].steps[0]: Unrecognized key: "chek"',
    ],
    [
      'a path without a slash',
      withSteps({ request: 'GET health' }),
      "tasks[0].steps[0].request: 'GET health' is no request",
    ],
    ['a method that there is not', withSteps({ request: 'FETCH /x' }), "'FETCH /x' is no request"],
    ['two bodies', withSteps({ request: 'POST /x', json: {}, body: 'x' }), 'only one of json, form and body'],
    ['a time that is none', withSteps({ think: 'long' }), "tasks[0].steps[0].think: not a duration: 'long'"],
    [
      'bounds in the wrong order',
      withSteps({ think: '2s-1s' }),
      'the lower bound must not exceed the upper one',
    ],
    [
      'an expression that is none',
      withSteps({ request: 'GET /${int 9 1}' }),
      "'${int 9 1}': write two whole numbers",
    ],
    ['an expression in JSON', withSteps({ tool: 'a', arguments: { b: ['${'] } }), 'has no closing brace'],
    ['a JSONPath that is none', withSteps({ ...health, extract: { id: '$.[' } }), 'is no JSONPath'],
    ['a place that is none', withSteps({ ...health, extract: { id: 'id' } }), "'id' is neither a JSONPath"],
    [
      'a regular expression that is none',
      withSteps({ ...health, check: { matches: '(' } }),
      'Invalid regular expression',
    ],
    [
      'a status that is none',
      withSteps({ ...health, check: { status: 99 } }),
      'tasks[0].steps[0].check.status',
    ],
    [
      'a variable that takes a word of ours',
      withSteps({ ...health, extract: { uuid: '$.id' } }),
      'has a meaning of its own',
    ],
    ['a task with nothing to do', { name: 'x', tasks: [{}] }, 'tasks[0]: a task has steps'],
    ['code in data', { name: 'x', tasks: [{ run: 'rm' }] }, 'tasks[0].run: must be a function'],
    ['a weight of nothing', { name: 'x', tasks: [{ weight: 0, steps: [health] }] }, 'tasks[0].weight'],
  ])('%s', (_what, definition, message) => {
    expect(() => readDefinition(definition)).toThrow(message);
    expect(() => readDefinition(definition)).toThrow(ScenarioError);
  });
});

describe('a name that nothing gives a value', () => {
  test.each<[part: string, known: string[], unknown: string[]]>([
    ['setup', ['given'], ['fromSetup', 'fromStart', 'fromTask']],
    ['start', ['given', 'fromSetup'], ['fromStart', 'fromTask']],
    ['stop', ['given', 'fromSetup', 'fromStart'], ['fromTask']],
    ['teardown', ['given', 'fromSetup'], ['fromStart', 'fromTask']],
  ])('in %s', (part, known, unknown) => {
    const setup = part === 'setup' ? {} : { setup: [{ ...health, extract: { fromSetup: '$.a' } }] };
    for (const name of known) readDefinition(withPart({ ...setup, [part]: asks(name) }));
    for (const name of unknown) {
      expect(() => readDefinition(withPart({ ...setup, [part]: asks(name) }))).toThrow(
        `${part}[0]: nothing before this step is called '${name}'`,
      );
    }
  });

  it('in a step before the one that finds it', () => {
    const found = { ...health, extract: { id: '$.id' } };
    expect(() => readDefinition(withSteps({ request: 'GET /${id}' }, found))).toThrow(
      "tasks[0].steps[0]: nothing before this step is called 'id'",
    );
    readDefinition(withSteps(found, { request: 'GET /${id}' }));
  });

  it('in a variable that is made of others', () => {
    expect(() => readDefinition(withPart({ variables: { given: '${other}' } }))).toThrow(
      'variables: ${other}: a variable cannot be made of others',
    );
  });
});

it('the built-in scenarios are what the documents promise', () => {
  expect([...builtInScenarios.keys()]).toEqual([
    'mcp-mixed',
    'mcp-tools',
    'mcp-discovery',
    'mcp-session-churn',
    'rest-admin',
    'realistic',
    'echo',
  ]);
  const realistic = builtInScenarios.get('realistic')?.tasks.map(({ steps }) => steps[0]);
  expect(realistic).toContainEqual(expect.objectContaining({ method: 'GET', path: '/admin/' }));
});
