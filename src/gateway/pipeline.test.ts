import { describe, expect, test, vi } from 'vitest';
import { parseServerMessage } from '../protocol/server-message.ts';
import { GaugewayError } from '../shared/errors.ts';
import { buildSnapshot, createCatalogRef } from './catalog/build-snapshot.ts';
import { allToolsScope } from './catalog/snapshot.ts';
import { createPipeline } from './pipeline.ts';
import type { Exchange, PipelinePorts } from './pipeline.ts';
import type { Session } from './session/session-store.ts';
import type { ToolCallRecord } from './storage/ports.ts';
import type { Upstream, UpstreamAnswer, UpstreamRequest } from './upstream/upstream.ts';

const created = { createdAt: new Date(0), updatedAt: new Date(0) };

function answerOf(json: string): Promise<UpstreamAnswer> {
  const answer = parseServerMessage(json);
  return answer.kind === 'answer' ? Promise.resolve(answer) : Promise.reject(new Error('no answer'));
}

function known(id: string, subject: string, scopeId: string): Session | undefined {
  if (id !== 'known') return undefined;
  return { id, publicId: 'k', protocolVersion: '2025-11-25', subject, scopeId, createdMs: 0 };
}

/** Ports in memory, and a log of the order in which they were asked. */
function world(overrides: Partial<PipelinePorts> = {}) {
  const log: string[] = [];
  const calls: ToolCallRecord[] = [];
  const operations: unknown[] = [];
  const requests: UpstreamRequest[] = [];
  const upstream: Upstream = {
    gatewayId: 'g',
    discover: () => Promise.reject(new Error('not used here')),
    call(request) {
      log.push('upstream');
      requests.push(request);
      return answerOf('{"jsonrpc":"2.0","id":1,"result":{"content":[],"n":1.0}}');
    },
    close: () => Promise.resolve(),
  };
  const catalog = createCatalogRef();
  const gateway = {
    id: 'g',
    name: 'g',
    slug: 'g',
    url: 'http://127.0.0.1/mcp',
    description: null,
    transport: 'STREAMABLEHTTP' as const,
    enabled: true,
    reachable: true,
    lastError: null,
    capabilities: {},
    ...created,
  };
  const tool = { id: 't', gatewayId: 'g', name: 'g-echo', originalName: 'Echo!', definition: {}, ...created };
  catalog.swap(buildSnapshot(1, [gateway], [tool], []));
  let nowMs = 1_000;
  const ports: PipelinePorts = {
    hostGuard: () => void log.push('host'),
    authenticator: {
      required: false,
      authenticate() {
        log.push('authenticate');
        return { subject: 'anonymous' };
      },
    },
    catalog,
    upstreams: { get: () => upstream },
    recorder: { record: (call) => void calls.push(call) },
    operations: {
      finished: (operation, seconds) => void operations.push({ ...operation, seconds }),
      sessionEnded: (protocolVersion, seconds) => void operations.push({ protocolVersion, seconds }),
    },
    sessions: {
      create: (session) => ({ ...session, id: 'new', publicId: 'new', createdMs: 0 }),
      find(id, subject, scopeId) {
        log.push('session');
        return known(id, subject, scopeId);
      },
      end: known,
    },
    serverInfo: { name: 'gaugeway', version: '0' },
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (text) => void log.push(text),
    },
    nowMs: () => (nowMs += 250),
    ...overrides,
  };
  const serve = createPipeline(ports);
  async function send(
    body: string,
    headers: Exchange['headers'] = { 'mcp-session-id': 'known' },
    httpMethod = 'POST',
  ) {
    const replies: { status: number; json: string; sessionId: string | undefined }[] = [];
    const events: string[] = [];
    await serve({
      httpMethod,
      headers,
      scopeId: allToolsScope,
      readBody() {
        log.push('body');
        return Promise.resolve(body);
      },
      acceptsEvents: true,
      gone: new AbortController().signal,
      event: (json) => void events.push(json),
      reply: (status, json, sessionId) => void replies.push({ status, json, sessionId }),
      replyEmpty: (status) => void replies.push({ status, json: '', sessionId: undefined }),
    });
    expect(replies).toHaveLength(1);
    return { status: 0, json: '', sessionId: undefined, ...replies[0], events };
  }
  return { send, log, calls, operations, requests, upstream };
}

const call =
  '{"jsonrpc":"2.0","id":"i","method":"tools/call","params":{"arguments":{"x":1.0},"name":"g-echo"}}';

describe('the way of a call', () => {
  test('is host, caller, body, session, upstream', async () => {
    const { send, log } = world();
    await send(call);
    expect(log).toEqual(['host', 'authenticate', 'body', 'session', 'upstream']);
  });

  test('exchanges the name for that of the upstream, and nothing else', async () => {
    const { send, requests } = world();
    expect(await send(call)).toMatchObject({
      status: 200,
      json: '{"jsonrpc":"2.0","id":"i","result":{"content":[],"n":1.0}}',
    });
    expect(requests[0]).toMatchObject({
      name: 'Echo!',
      paramsJson: '{"arguments":{"x":1.0},"name":"Echo!"}',
    });
  });

  test('ends in a record with its duration in seconds', async () => {
    const { send, calls } = world();
    await send(call);
    expect(calls).toEqual([
      { toolId: 't', timestampMs: 1_500, responseTime: 0.25, isSuccess: true, errorMessage: null },
    ]);
  });

  test('waits for a caller whose token is not known yet', async () => {
    const { send } = world({
      authenticator: { required: true, authenticate: () => Promise.resolve({ subject: 'alice' }) },
    });
    expect((await send(call)).status).toBe(200);
  });
});

describe('what refuses', () => {
  test('a caller without a token does so before the body is read', async () => {
    const { send, log } = world({
      authenticator: {
        required: true,
        authenticate() {
          throw new GaugewayError('unauthorized', 'a token is required');
        },
      },
    });
    expect(await send(call)).toMatchObject({ status: 401, json: expect.stringContaining('"id":null') });
    expect(log).toEqual(['host']);
  });

  test('a foreign host comes before everything', async () => {
    const { send, log } = world({
      hostGuard() {
        throw new GaugewayError('forbidden', 'not here');
      },
    });
    expect((await send(call)).status).toBe(403);
    expect(log).toEqual([]);
  });

  test('an unknown session comes before the upstream', async () => {
    const { send, log } = world();
    expect((await send(call, { 'mcp-session-id': 'other' })).status).toBe(404);
    expect(log).not.toContain('upstream');
  });
});

describe('what an operation was', () => {
  const named = { method: 'tools/call', toolName: 'g-echo', protocolVersion: '2025-11-25' };

  test('is told with its duration, from receiving it to its answer', async () => {
    const { send, operations } = world();
    await send(call);
    expect(operations).toEqual([{ ...named, sessionId: 'k', error: undefined, seconds: 0.75 }]);
  });

  test('includes the failure of a tool, which is no error of the protocol', async () => {
    const { send, operations, upstream } = world();
    upstream.call = () => answerOf('{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}');
    await send(call);
    expect(operations).toMatchObject([{ ...named, error: { type: 'tool_error' } }]);
  });

  test("includes the code of an upstream's error and of our own", async () => {
    const { send, operations, upstream } = world();
    upstream.call = () => answerOf('{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"full"}}');
    await send(call);
    await send(call.replace('g-echo', 'g-nothing'));
    const unknown = 'unknown tool "g-nothing"';
    expect(operations).toMatchObject([
      { ...named, error: { type: '-32000', statusCode: '-32000', message: 'full' } },
      { method: 'tools/call', error: { type: '-32602', statusCode: '-32602', message: unknown } },
    ]);
    expect(operations[1]).not.toHaveProperty('toolName');
  });

  test('names the revision that initialize agreed on, and covers notifications', async () => {
    const { send, operations } = world();
    await send(
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}',
      {},
    );
    await send('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect(operations).toMatchObject([
      { method: 'initialize', protocolVersion: '2025-06-18' },
      { method: 'notifications/initialized', protocolVersion: '2025-11-25' },
    ]);
  });

  test('is nobody’s business when there was none: no body, or an answer to one of ours', async () => {
    const { send, operations } = world();
    await send('nothing that is JSON');
    await send('{"jsonrpc":"2.0","id":1,"result":{}}');
    expect(operations).toEqual([]);
  });

  test('is the life of a session when a client ends it', async () => {
    const { send, operations } = world();
    await send('', { 'mcp-session-id': 'known' }, 'DELETE');
    expect(operations).toEqual([{ protocolVersion: '2025-11-25', seconds: 1.5 }]);
  });
});

test('initialize opens a session for what was negotiated', async () => {
  const { send } = world();
  const body = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}';
  expect(await send(body, {})).toMatchObject({ status: 200, sessionId: 'new' });
});

test('a notification is accepted without an answer', async () => {
  expect(await world().send('{"jsonrpc":"2.0","method":"notifications/initialized"}')).toMatchObject({
    status: 202,
    json: '',
  });
});

test('DELETE ends a session, without a body', async () => {
  const { send, log } = world();
  expect((await send('', { 'mcp-session-id': 'known' }, 'DELETE')).status).toBe(204);
  expect((await send('', { 'mcp-session-id': 'other' }, 'DELETE')).status).toBe(404);
  expect(log).not.toContain('body');
});

describe('a failure', () => {
  test('of the upstream is told, and recorded', async () => {
    const { send, calls, upstream } = world();
    upstream.call = () =>
      Promise.reject(new GaugewayError('upstream_timeout', 'upstream g did not answer in time'));
    const { status, json } = await send(call);
    expect(status).toBe(200);
    expect(JSON.parse(json)).toMatchObject({
      id: 'i',
      error: { code: -32603, message: 'upstream g did not answer in time', data: { retryable: true } },
    });
    expect(calls).toMatchObject([{ isSuccess: false, errorMessage: 'upstream g did not answer in time' }]);
  });

  test.each([
    [`"error":{"code":-32000,"data":"${'x'.repeat(70_000)}","message":"full"}`, 'full'],
    [
      `"result":{"content":[{"type":"text","text":"${'x'.repeat(70_000)}"}],"isError":true}`,
      'failed with a result too long to be looked through',
    ],
  ])('however long its answer, is measured without parsing it', async (member, errorMessage) => {
    const { send, calls, upstream } = world();
    upstream.call = () => answerOf(`{"jsonrpc":"2.0","id":1,${member}}`);
    const parse = vi.spyOn(JSON, 'parse');
    try {
      expect((await send(call)).json).toBe(`{"jsonrpc":"2.0","id":"i",${member}}`);
      expect(parse.mock.calls.filter(([text]) => text.length > 60_000)).toEqual([]);
    } finally {
      parse.mockRestore();
    }
    expect(calls).toMatchObject([{ isSuccess: false, errorMessage }]);
  });

  test('of our own is logged, and its text does not leave the house', async () => {
    const { send, log, upstream } = world();
    upstream.call = () => Promise.reject(new TypeError('cannot read the secret of undefined'));
    const { json } = await send(call);
    expect(JSON.parse(json)).toEqual({
      jsonrpc: '2.0',
      id: 'i',
      error: { code: -32603, message: 'internal error' },
    });
    expect(log).toContain('a request failed unexpectedly');
  });

  test('a tool whose upstream is gone is unavailable', async () => {
    const { send } = world({ upstreams: { get: () => undefined } });
    expect(JSON.parse((await send(call)).json)).toMatchObject({ error: { data: { reason: 'unavailable' } } });
  });
});

test('notifications of the upstream come ahead of the answer', async () => {
  const { send, upstream } = world();
  const answer = upstream.call.bind(upstream);
  upstream.call = async (request) => {
    await request.onNotification?.('{"first":true}');
    return answer(request);
  };
  expect((await send(call)).events).toEqual(['{"first":true}']);
});
