import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { GaugewayError } from '../../../shared/errors.ts';
import { builtInScenarios } from './built-in.ts';
import { readDefinition } from './scenario-definition.ts';
import type { ScenarioDefinition } from './scenario-definition.ts';
import { renderDefinition, writeDefinition } from './write-definition.ts';

/** Everything that an author can write, at least once. */
const everything: ScenarioDefinition = {
  name: 'everything',
  description: 'one of each: \'quotes\', "more", and a text that is long enough to be folded by YAML '.repeat(
    3,
  ),
  users: 'mcp',
  variables: { tenant: 'acme', ids: [1, 2.5, null, true], nested: { 'a key': '$${not} one' } },
  wait: '100ms-1.5s',
  stages: [
    { duration: '1m30s', rate: 5 },
    { duration: '500ms', rate: 0.5 },
  ],
  setup: [{ request: 'post /items', json: { name: '${tenant}', n: 1 }, extract: { item: '$.id' } }],
  start: [{ mcp: 'tools/list', check: { json: { '$.tools[0].name': 'echo' }, within: '1s' } }],
  tasks: [
    {
      name: 'a task',
      weight: 2.5,
      optional: true,
      steps: [
        {
          request: 'GET /items/${item}?q=${int 1 9}',
          name: '/items/:id',
          headers: { 'x-id': '${uuid}' },
          extract: { tag: 'header ETag', first: "$['a b'][0]" },
          check: { status: [200, 304], contains: 'x', matches: '^\\d+$' },
        },
        { think: '1s' },
        { think: '0.5s-2s' },
        { session: 'new' },
        { request: 'PUT /f', form: { a: 'b=c & ${first}' }, check: { status: 404 } },
        { request: 'PATCH /t', body: 'multi\nline: "text"\n', headers: { 'content-type': 'text/xml' } },
        { tool: '*' },
        { tool: 'echo', arguments: { message: '${pick red green}', count: '01' } },
        { mcp: 'tools/list', path: '/rpc', params: { cursor: 'yes' }, name: '/rpc tools/list' },
      ],
    },
    { steps: [{ mcp: 'ping' }] },
  ],
  stop: [{ request: 'DELETE /items/${item}' }],
  teardown: [{ request: 'OPTIONS /' }],
};

describe('a scenario written as its author would', () => {
  it.each([...builtInScenarios.values()])('is read as the same again: $name', (scenario) => {
    const definition = writeDefinition(scenario);
    expect(readDefinition(definition)).toEqual(scenario);
    expect(readDefinition(parse(renderDefinition(definition)))).toEqual(scenario);
  });

  it.each([
    everything,
    { ...everything, wait: { pacing: '250ms' } },
    { ...everything, wait: { throughput: 0.5 } },
    { ...everything, wait: '0' },
  ] satisfies ScenarioDefinition[])('is read as the same again, whatever it holds (%#)', (definition) => {
    const scenario = readDefinition(definition);
    expect(readDefinition(writeDefinition(scenario))).toEqual(scenario);
    expect(readDefinition(parse(renderDefinition(writeDefinition(scenario))))).toEqual(scenario);
  });

  it('says nothing that is said by default', () => {
    const minimal = { name: 'minimal', users: 'http', tasks: [{ steps: [{ request: 'GET /' }] }] };
    expect(writeDefinition(readDefinition(minimal))).toEqual(minimal);
  });

  it('cannot hold the code of a module', () => {
    const withCode = readDefinition({ name: 'code', tasks: [{ name: 'own', run: () => undefined }] });
    expect(() => writeDefinition(withCode)).toThrowError(GaugewayError);
    expect(() => writeDefinition(withCode)).toThrowError('the task own is a function of a module');
  });

  it('holds stages of users', () => {
    const stages = [
      { duration: '30s', users: 5 },
      { duration: '1500ms', users: 0 },
    ];
    const scenario = readDefinition({ name: 'x', stages, tasks: [{ steps: [{ request: 'GET /' }] }] });
    expect(writeDefinition(scenario)).toMatchObject({ stages });
  });

  it('cannot hold what only the options of a load say', () => {
    const executor = { kind: 'constant-arrival-rate', ratePerS: 5, maxUsers: 10 } as const;
    expect(() => writeDefinition({ ...readDefinition(everything), executor })).toThrowError(
      'a rate that begins at 0',
    );
  });
});
