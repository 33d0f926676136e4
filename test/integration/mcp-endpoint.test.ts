import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import type { UpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { GaugewayError } from '../../src/shared/errors.ts';
import { startDataPlane } from '../support/data-plane.ts';
import type { DataPlane } from '../support/data-plane.ts';
import { modernRequest, openSession, post } from '../support/mcp-client.ts';

let fixture: UpstreamFixture;
let plane: DataPlane;

beforeAll(async () => {
  fixture = await startUpstreamFixture({ port: 0 });
  plane = await startDataPlane({
    upstreams: { lab: fixture.url },
    maxBodyBytes: 64 * 1024,
    bundle: ['lab/echo'],
  });
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await fixture.close();
});

const call = (name: string, args: object, id: number | string = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

describe('a legacy client', () => {
  test('initializes, lists and calls in its session', async () => {
    const session = await openSession(plane.url);
    expect(
      (await post(plane.url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)).status,
    ).toBe(202);
    const list = await post(plane.url, { jsonrpc: '2.0', id: 'l', method: 'tools/list' }, session);
    expect(list.messages[0]).toMatchObject({
      id: 'l',
      result: { tools: expect.arrayContaining([expect.objectContaining({ name: 'lab-get-system-time' })]) },
    });
    const { messages } = await post(plane.url, call('lab-echo', { message: 'hello' }, 'c'), session);
    expect(messages[0]).toMatchObject({ id: 'c', result: { content: [{ type: 'text', text: 'hello' }] } });
    expect((await post(plane.url, { jsonrpc: '2.0', id: 2, method: 'ping' }, session)).messages[0]).toEqual({
      jsonrpc: '2.0',
      id: 2,
      result: {},
    });
  });

  test('needs its session: 400 without one, 404 with an unknown or an ended one', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
    const session = await openSession(plane.url);
    expect((await post(plane.url, list)).status).toBe(400);
    expect((await post(plane.url, list, { 'mcp-session-id': 'made-up' })).status).toBe(404);
    expect((await fetch(plane.url, { method: 'DELETE' })).status).toBe(400);
    expect((await fetch(plane.url, { method: 'DELETE', headers: session })).status).toBe(204);
    expect((await fetch(plane.url, { method: 'DELETE', headers: session })).status).toBe(404);
    expect((await post(plane.url, list, session)).status).toBe(404);
  });

  test('is told that there is no stream to GET', async () => {
    const response = await fetch(plane.url, { headers: { accept: 'text/event-stream' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, DELETE']);
  });

  test.each([
    ['an unknown tool', call('nope', {}), -32602],
    ['a tool without a name', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} }, -32602],
    ['an unknown method', { jsonrpc: '2.0', id: 1, method: 'tools/destroy' }, -32601],
    [
      'a cursor that nobody gave out',
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: '' } },
      -32602,
    ],
  ])('gets a JSON-RPC error with HTTP 200 for %s', async (_what, body, code) => {
    const reply = await post(plane.url, body, await openSession(plane.url));
    expect(reply.status).toBe(200);
    expect(reply.messages[0]).toMatchObject({ id: 1, error: { code } });
  });

  test('gets a failing tool as a result that says so, recorded as a failure', async () => {
    const { messages } = await post(
      plane.url,
      call('lab-fail', { message: 'broken' }),
      await openSession(plane.url),
    );
    expect(messages[0]).toMatchObject({ result: { isError: true, content: [{ text: 'broken' }] } });
    expect(plane.calls.at(-1)).toMatchObject({
      toolId: 'lab/fail',
      isSuccess: false,
      errorMessage: 'broken',
    });
  });
});

const ask = (method: string, params?: Record<string, unknown>, headers: Record<string, string> = {}) => {
  const request = modernRequest(method, params);
  return post(plane.url, request.body, { ...request.headers, ...headers });
};

describe('a modern client', () => {
  test('discovers, lists and calls without a session', async () => {
    const [discovery, list, called] = [
      await ask('server/discover'),
      await ask('tools/list'),
      await ask('tools/call', { name: 'lab-echo', arguments: { message: 'hello' } }),
    ];
    expect(discovery.messages[0]).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
    expect(list.messages[0]).toMatchObject({
      result: { resultType: 'complete', ttlMs: 0, cacheScope: 'private' },
    });
    expect(called.messages[0]).toMatchObject({
      result: { resultType: 'complete', content: [{ text: 'hello' }] },
    });
    expect(called.headers.get('mcp-session-id')).toBeNull();
  });

  test.each<[string, number, number, string, Record<string, unknown>, Record<string, string>]>([
    ['a removed method', 404, -32601, 'ping', {}, {}],
    [
      'a name that the header denies',
      400,
      -32020,
      'tools/call',
      { name: 'lab-echo' },
      { 'mcp-name': 'lab-fail' },
    ],
    ['a method that the header denies', 400, -32020, 'tools/list', {}, { 'mcp-method': 'tools/call' }],
    [
      'a version that the header denies',
      400,
      -32020,
      'tools/list',
      {},
      { 'mcp-protocol-version': '2027-01-01' },
    ],
    ['an unknown tool', 200, -32602, 'tools/call', { name: 'nope' }, {}],
  ])('gets %s answered with HTTP %i and %i', async (_what, status, code, method, params, headers) => {
    const reply = await ask(method, params, headers);
    expect(reply.status).toBe(status);
    expect(reply.messages[0]).toMatchObject({ id: 1, error: { code } });
  });

  test('learns which revisions there are when it names another', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2031-01-01',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } };
    const reply = await post(plane.url, body, {
      'mcp-protocol-version': '2031-01-01',
      'mcp-method': 'tools/list',
    });
    expect(reply.status).toBe(400);
    expect(reply.messages[0]).toMatchObject({ error: { code: -32022, data: { supported: ['2026-07-28'] } } });
  });
});

describe('a virtual server', () => {
  test('offers its tools and no others', async () => {
    const session = await openSession(plane.bundleUrl);
    const list = await post(plane.bundleUrl, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, session);
    expect(list.messages[0]).toMatchObject({ result: { tools: [{ name: 'lab-echo' }] } });
    expect((await post(plane.bundleUrl, call('lab-fail', {}), session)).messages[0]).toMatchObject({
      error: { code: -32602 },
    });
  });

  test('has sessions of its own', async () => {
    const session = await openSession(plane.bundleUrl);
    expect((await post(plane.url, call('lab-echo', { message: 'x' }), session)).status).toBe(404);
  });

  test('that does not exist is not found', async () => {
    const reply = await post(plane.bundleUrl.replace('bundle', 'other'), call('lab-echo', {}));
    expect(reply.status).toBe(404);
  });
});

describe('bad input', () => {
  test.each<[string, number, number, string, Record<string, string>]>([
    ['malformed JSON', 400, -32700, '{"jsonrpc":"2.0",', {}],
    ['an empty body', 400, -32700, '', {}],
    ['a batch', 400, -32600, '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', {}],
    ['JSON that is not JSON-RPC', 400, -32600, '{"hello":"world"}', {}],
    ['another content type', 415, -32600, '{}', { 'content-type': 'text/plain' }],
    ['a compressed body', 415, -32600, '{}', { 'content-encoding': 'gzip' }],
    ['a client that takes only HTML', 406, -32600, '{}', { accept: 'text/html' }],
    ['an oversized body', 413, -32600, `{"x":"${'x'.repeat(65 * 1024)}"}`, {}],
    ['a foreign Origin', 403, -32600, '{}', { origin: 'http://evil.example' }],
    [
      'an unknown revision in the header',
      400,
      -32022,
      '{"jsonrpc":"2.0","id":1,"method":"ping"}',
      { 'mcp-protocol-version': '1.0' },
    ],
  ])('%s is answered with HTTP %i and %i', async (_what, status, code, body, headers) => {
    const reply = await post(plane.url, body, headers);
    expect(reply.status).toBe(status);
    expect(reply.messages[0]).toMatchObject({ jsonrpc: '2.0', error: { code } });
    expect(reply.text).not.toMatch(/\.ts:|node_modules| at /);
  });

  test('bytes that are not UTF-8 are refused, not repaired', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ]);
    const response = await fetch(plane.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: bytes,
    });
    expect(response.status).toBe(400);
  });

  test('a foreign Host is refused', async () => {
    expect(
      await rawRequest(plane.url, 'POST /mcp HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('a body that grows beyond the limit without saying so is cut off', async () => {
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`;
    const head = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await rawRequest(plane.url, head + chunk.repeat(3))).toMatch(
      /^HTTP\/1\.1 413 [^]*connection: close/i,
    );
  });

  test('does not disturb those that come after it', async () => {
    const session = await openSession(plane.url);
    expect((await post(plane.url, call('lab-echo', { message: 'still here' }), session)).text).toContain(
      'still here',
    );
    expect(plane.inFlight()).toBe(0);
  });
});

test('authentication comes before the body, and binds sessions to who opened them', async () => {
  const subjects = new Map([
    ['Bearer a', 'alice'],
    ['Bearer b', 'bob'],
  ]);
  await using guarded = await startDataPlane({
    upstreams: { lab: fixture.url },
    authenticator: {
      required: true,
      authenticate(header) {
        const subject = subjects.get(header ?? '');
        if (subject === undefined) throw new GaugewayError('unauthorized', 'a valid token is required');
        return { subject };
      },
    },
  });
  const refused = await post(guarded.url, 'this is not even JSON');
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringMatching(/^Bearer/),
  ]);
  const session = await openSession(guarded.url, { authorization: 'Bearer a' });
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  expect((await post(guarded.url, list, session)).status).toBe(200);
  expect((await post(guarded.url, list, { ...session, authorization: 'Bearer b' })).status).toBe(404);
});

/** What a server answers to bytes as they are. */
function rawRequest(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(request));
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no end of ${JSON.stringify(answer)}`)));
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
