import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { readDefinition } from '../scenarios/scenario-definition.ts';
import type { HttpMethod } from '../scenarios/scenario.ts';
import { scenarioFromOpenApi } from './scenario-from-openapi.ts';
import type { OpenApiOptions } from './scenario-from-openapi.ts';

type Json = Record<string, unknown>;
const ok = { responses: { 200: { description: 'ok' } } };
const everyMethod: HttpMethod[] = ['GET', 'POST', 'PUT', 'DELETE'];

/** What a description becomes: the steps of each operation that is taken, and the reasons for the others. */
async function described(paths: Json, more: Json = {}, options: Partial<OpenApiOptions> = {}) {
  return describedBy(
    JSON.stringify({ openapi: '3.1.0', info: { title: 'A Test/API' }, paths, ...more }),
    options,
  );
}

async function describedBy(text: string, options: Partial<OpenApiOptions> = {}) {
  await using folder = await temporaryFolder();
  const source = join(folder.path, 'openapi.json');
  await writeFile(source, text);
  const fixed = { allowRemote: false, token: undefined, target: undefined, tls: {} };
  const made = await scenarioFromOpenApi({ source, methods: ['GET'], ...fixed, ...options });
  const scenario = readDefinition(made.definition);
  expect(scenario.tasks.every(({ optional }) => optional)).toBe(true);
  return {
    ...made,
    scenario,
    steps: Object.fromEntries(made.definition.tasks.map(({ name, steps }) => [name, steps])),
    reasons: Object.fromEntries(made.leftOut.map(({ name, reason, count }) => [name, `${reason} ×${count}`])),
  };
}

/** The answer to a list of this schema. */
const answering = (schema: unknown): Json => ({
  responses: { 200: { description: 'ok', content: { 'application/json': { schema } } } },
});

describe('a scenario of an OpenAPI description', () => {
  it('is made of a hostile document, too: a server of very many slashes', async () => {
    const slashes = '/'.repeat(200_000);
    const { definition, leftOut } = await described(
      { '/a': { get: ok } },
      { servers: [{ url: `/base${slashes}` }, { url: `/${slashes}x` }] },
    );
    expect(definition.tasks).toMatchObject([{ steps: [{ request: 'GET /base/a' }] }]);
    expect(leftOut).toEqual([]);
    const long = described({ '/a': { get: ok } }, { servers: [{ url: `/x${slashes}x` }] });
    await expect(long).rejects.toThrowError(/Too big/);
  });

  it('has a task for each operation of GET, and tells of the others', async () => {
    const made = await described({
      '/health': { get: ok },
      '/items': { get: ok, post: ok, delete: ok },
      '/items/': { get: ok, post: ok },
      '/more': { post: ok },
    });
    expect(made.definition).toMatchObject({ name: 'a-test-api', users: 'http' });
    expect(made.steps).toEqual({
      'GET /health': [{ request: 'GET /health' }],
      'GET /items': [{ request: 'GET /items' }],
    });
    expect(made.reasons).toEqual({
      'operations of POST': '--openapi-methods adds them ×2',
      'operations of DELETE': '--openapi-methods adds them ×1',
    });
  });

  it('reads more than it writes where it is asked for both', async () => {
    const { scenario } = await described({ '/a': { get: ok, post: ok } }, {}, { methods: everyMethod });
    expect(scenario.tasks.map(({ weight }) => weight)).toEqual([5, 1]);
  });

  it('is read from YAML, too', async () => {
    const { steps } = await describedBy('openapi: 3.0.3\ninfo: {title: Yaml}\npaths:\n  /a:\n    get: {}\n');
    expect(steps).toEqual({ 'GET /a': [{ request: 'GET /a' }] });
  });

  it.each<[server: Json, target: string | undefined, request: string]>([
    [{ url: '/api/v1/' }, undefined, 'GET /api/v1/a'],
    [{ url: 'https://api.example.com/v3' }, 'http://127.0.0.1:1', 'GET /v3/a'],
    [{ url: 'https://api.example.com/v3' }, 'http://127.0.0.1:1/v3', 'GET /a'],
    [{ url: '/{stage}', variables: { stage: { default: 'live' } } }, undefined, 'GET /live/a'],
  ])('asks below the path of its server: %j at %s', async (server, target, request) => {
    const { steps } = await described({ '/a': { get: ok } }, { servers: [server] }, { target });
    expect(steps['GET /a']).toMatchObject([{ request }]);
  });

  it('leaves out what should not be part of a load', async () => {
    const stream = { responses: { 200: { content: { 'text/event-stream': {} } } } };
    const { reasons } = await described({
      '/a': { get: ok },
      '/old': { get: { ...ok, deprecated: true } },
      '/live': { get: stream },
      '/sse': { get: ok },
      '/logout': { get: ok },
    });
    expect(reasons).toEqual({
      'GET /old': 'deprecated ×1',
      'GET /live': 'its answer is an event stream ×1',
      'GET /sse': 'by its name its answer does not end ×1',
      'GET /logout': 'by its name it ends something ×1',
    });
  });
});

describe('parameters of a description', () => {
  const parameter = (name: string, more: Json = {}) => ({
    name,
    in: 'query',
    required: true,
    schema: { type: 'string' },
    ...more,
  });

  it('are sent where they are required, with their examples first', async () => {
    const parameters = [
      parameter('limit', { schema: { type: 'integer', default: 25 } }),
      parameter('q', { example: 'a b&c' }),
      parameter('tags', { examples: { two: { value: ['x', 'y'] } } }),
      parameter('ids', { explode: false, example: [1, 2] }),
      parameter('x-tenant', { in: 'header', example: 'acme ${x}' }),
      parameter('unneeded', { required: false }),
      parameter('Accept', { in: 'header' }),
    ];
    const { steps } = await described({ '/a': { get: { ...ok, parameters } } });
    expect(steps['GET /a']).toEqual([
      {
        request: 'GET /a?limit=25&q=a%20b%26c&tags=x&tags=y&ids=1,2',
        name: '/a',
        headers: { 'x-tenant': 'acme $${x}' },
      },
    ]);
  });

  it('may be shared by a path, referred to, and overridden', async () => {
    const components = { parameters: { page: parameter('page', { example: 7 }) } };
    const shared = [{ $ref: '#/components/parameters/page' }, parameter('own', { example: 'shared' })];
    const { steps } = await described(
      { '/a': { parameters: shared, get: { ...ok, parameters: [parameter('own', { example: 'mine' })] } } },
      { components },
    );
    expect(steps['GET /a']).toMatchObject([{ request: 'GET /a?page=7&own=mine' }]);
  });

  it.each<[parameter: Json, reason: string]>([
    [parameter('c', { in: 'cookie' }), 'cookie parameter c: is required, and cannot be sent'],
    [parameter('X-API-Key', { in: 'header' }), 'header parameter X-API-Key: is required, and is not made up'],
    [parameter('f', { style: 'deepObject' }), 'query parameter f: the style "deepObject" is not written'],
    [parameter('o', { example: { a: 1 } }), 'query parameter o: is neither a text nor a number'],
    [parameter('p', { schema: { pattern: '^x' } }), 'query parameter p: `pattern` is not supported'],
    [parameter('m', { content: {} }), 'query parameter m: a parameter of a media type is not written'],
    [{ $ref: 'https://example.com/p.json' }, 'outside parameter parameter: is required, and cannot be sent'],
  ])('leave the operation out, and are named: %j', async (given, reason) => {
    const { leftOut } = await described({ '/a': { get: { ...ok, parameters: [given] } }, '/b': { get: ok } });
    expect(leftOut).toEqual([{ name: 'GET /a', reason, count: 1 }]);
  });
});

describe('the path parameters of a description', () => {
  const item = { type: 'object', properties: { id: { type: 'string' }, owner: { $ref: '#/x' } } };
  const schemas = {
    Item: item,
    Page: { type: 'object', properties: { items: { type: 'array', items: item } } },
  };
  const one = { '/items/{item_id}': { get: ok } };

  it.each<[what: string, schema: unknown, path: string]>([
    ['a list', { type: 'array', items: { $ref: '#/components/schemas/Item' } }, '$[0].id'],
    ['a page', { $ref: '#/components/schemas/Page' }, '$.items[0].id'],
    [
      'one of both',
      { anyOf: [{ type: 'array', items: item }, { $ref: '#/components/schemas/Page' }] },
      '$..id',
    ],
    ['allOf', { type: 'array', items: { allOf: [{ $ref: '#/components/schemas/Item' }] } }, '$[0].id'],
    ['anything', {}, '$..id'],
  ])('are taken from the list of the same collection: %s', async (_what, schema, path) => {
    const { steps } = await described(
      { '/items': { get: answering(schema) }, ...one },
      { components: { schemas } },
    );
    expect(steps['GET /items/{item_id}']).toEqual([
      { request: 'GET /items', extract: { item_id: path } },
      { request: 'GET /items/${item_id}', name: '/items/{item_id}' },
    ]);
  });

  it('may be several, each from a list below the one before', async () => {
    const list = answering({ type: 'array', items: item });
    const { steps } = await described({
      '/teams/': { get: list },
      '/teams/{id}/users': { get: list },
      '/teams/{team_id}/users/{userId}/state': { get: ok },
    });
    expect(steps['GET /teams/{team_id}/users/{userId}/state']).toEqual([
      { request: 'GET /teams/', extract: { team_id: '$[0].id' } },
      { request: 'GET /teams/${team_id}/users', name: '/teams/{id}/users', extract: { userId: '$[0].id' } },
      {
        request: 'GET /teams/${team_id}/users/${userId}/state',
        name: '/teams/{team_id}/users/{userId}/state',
      },
    ]);
  });

  it('are the examples of the description where no list gives them', async () => {
    const parameters = [{ name: 'city', in: 'path', required: true, schema: { enum: ['Bad Tölz'] } }];
    const { steps } = await described({ '/weather/{city}': { get: { ...ok, parameters } } });
    expect(steps['GET /weather/{city}']).toMatchObject([{ request: 'GET /weather/Bad%20T%C3%B6lz' }]);
  });

  it.each<[what: string, paths: Json]>([
    ['no list', {}],
    [
      'a list of something else',
      { '/items': { get: answering({ type: 'array', items: { properties: { n: {} } } }) } },
    ],
    ['a list by another method', { '/items': { post: answering({ type: 'array', items: item }) } }],
  ])('leave the operation out where nothing gives them: %s', async (_what, paths) => {
    const { reasons } = await described({ '/a': { get: ok }, ...paths, ...one });
    expect(reasons).toMatchObject({
      'GET /items/{item_id}': '{item_id}: no list and no example of the description gives a value ×1',
    });
  });
});

describe('the body of a described operation', () => {
  const posting = async (content: Json, required = true) => {
    const made = await described(
      { '/a': { get: ok, post: { ...ok, requestBody: { required, content } } } },
      {
        components: {
          schemas: { New: { type: 'object', required: ['name'], properties: { name: { example: '${n}' } } } },
        },
      },
      { methods: everyMethod },
    );
    return { step: made.steps['POST /a']?.[0], reasons: made.reasons };
  };

  it.each<[type: string, media: Json, step: Json]>([
    ['application/json', { schema: { $ref: '#/components/schemas/New' } }, { json: { name: '$${n}' } }],
    ['application/json', { example: { own: [1] } }, { json: { own: [1] } }],
    [
      'application/merge-patch+json',
      { examples: { one: { value: {} } } },
      { json: {}, headers: { 'content-type': 'application/merge-patch+json' } },
    ],
    ['application/x-www-form-urlencoded', { example: { a: 1 } }, { form: { a: '1' } }],
    ['text/plain', { example: 'hello' }, { body: 'hello' }],
  ])('is made as %s of %j', async (type, media, step) => {
    expect((await posting({ [type]: media })).step).toEqual({ request: 'POST /a', ...step });
  });

  it('leaves the operation out where none can be sent', async () => {
    const { reasons } = await posting({ 'multipart/form-data': {} });
    expect(reasons).toEqual({ 'POST /a': 'body: is none of JSON, a form and text: multipart/form-data ×1' });
    expect((await posting({ 'multipart/form-data': {} }, false)).step).toEqual({ request: 'POST /a' });
  });
});

describe('a document that is no description', () => {
  it.each<[what: string, text: string, message: RegExp]>([
    ['Swagger', '{"swagger":"2.0"}', /no OpenAPI description of version 3: it is of version 2\.0/],
    ['other JSON', '[]', /it names no version/],
    ['no YAML', 'a: [', /openapi\.json:1: /],
    ['a circle', 'openapi: 3.1.0\npaths: &p\n  /a: *p\n', /circular/i],
    ['too deep', `{"openapi":"3.1.0","x":${'['.repeat(200)}${']'.repeat(200)}}`, /nested too deeply/],
    ['too deep YAML', `openapi: 3.1.0\nx: ${'['.repeat(20_000)}`, /openapi\.json/],
    ['empty', '{"openapi":"3.1.0","paths":{}}', /describes nothing that can be asked/],
    [
      'a bomb',
      `openapi: 3.1.0\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      /alias/i,
    ],
  ])('is refused: %s', async (_what, text, message) => {
    await expect(describedBy(text)).rejects.toThrowError(message);
  });

  it('is refused when it is on another machine, unless that was allowed', async () => {
    const source = 'https://example.com/openapi.json';
    await expect(describedBy('', { source })).rejects.toThrowError(
      /example\.com is not this machine: --allow-remote/,
    );
  });
});
