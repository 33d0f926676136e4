import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../shared/errors.ts';
import { parseClientMessage } from './client-message.ts';
import { codecs, serverCodecFor } from './codecs.ts';
import { legacyCodec } from './legacy/legacy-codec.ts';
import { withEnvelope } from './modern/envelope.ts';
import { decodeHeaderValue, encodeHeaderValue } from './modern/header-value.ts';
import { modernCodec } from './modern/modern-codec.ts';
import { parseServerMessage } from './server-message.ts';
import type { ServerAnswer } from './server-message.ts';
import type { SendMessage, SentReply, WireHeaders } from './wire-codec.ts';

const self = { name: 'gaugeway', version: '1.0.0' };
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

function message(method: string, params?: object, id: number | undefined = 1) {
  return parseClientMessage(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
}

function answer(json: string): ServerAnswer {
  const parsed = parseServerMessage(json);
  if (parsed.kind !== 'answer') throw new Error('not an answer');
  return parsed;
}

/** A peer that answers each method with what the test says, and remembers what it was asked. */
function peer(replies: Record<string, { status?: number; body?: object; sessionId?: string }>) {
  const asked: { method: string; params: unknown; headers: Record<string, string> }[] = [];
  const send: SendMessage = (sent, headers): Promise<SentReply> => {
    asked.push({ method: sent.method, params: JSON.parse(sent.paramsJson), headers });
    const { status = 200, body, sessionId } = replies[sent.method] ?? { status: 404 };
    return Promise.resolve({
      status,
      sessionId,
      answer: body === undefined ? undefined : answer(JSON.stringify({ jsonrpc: '2.0', id: 1, ...body })),
    });
  };
  return { send, asked };
}

describe('every era', () => {
  test.each(codecs)('$era serves lists that hold the items as they are', ({ server }) => {
    const items = '[{"name":"a","x":123456789012345678901234567890}]';
    expect(server.listResult('tools', items, self)).toContain(`"tools":${items}`);
  });

  test.each(codecs)('$era relays a result of its own kind byte for byte', ({ server }) => {
    const json = '{"content":[],"resultType":"complete","n":1.00}';
    expect(server.relayResult(answer(`{"id":1,"result":${json}}`))).toBe(json);
  });

  test.each(codecs)('$era never makes an internal failure look like one of HTTP syntax', ({ server }) => {
    const codes: ErrorCode[] = ['internal', 'upstream_timeout', 'unavailable'];
    expect(codes.map((code) => server.errorStatus(code))).toEqual([200, 200, 200]);
  });
});

describe('a message belongs to', () => {
  test.each<[string, string, WireHeaders, string, object | undefined]>([
    ['modern', 'an envelope', {}, 'tools/list', { _meta: envelope }],
    [
      'modern',
      'half an envelope',
      {},
      'tools/list',
      { _meta: { 'io.modelcontextprotocol/clientCapabilities': {} } },
    ],
    ['modern', 'a header of 2026-07-28', { 'mcp-protocol-version': '2026-07-28' }, 'tools/list', undefined],
    [
      'modern',
      'a header of a later revision',
      { 'mcp-protocol-version': '2027-01-01' },
      'tools/list',
      undefined,
    ],
    ['legacy', 'nothing of that', {}, 'tools/list', undefined],
    ['legacy', 'a header of 2025-11-25', { 'mcp-protocol-version': '2025-11-25' }, 'tools/list', undefined],
    ['legacy', 'a broken header', { 'mcp-protocol-version': 'tomorrow' }, 'tools/list', undefined],
    [
      'legacy',
      'initialize',
      { 'mcp-protocol-version': '2026-07-28' },
      'initialize',
      { protocolVersion: '2025-11-25' },
    ],
  ])('%s by %s', (era, _why, headers, method, params) => {
    expect(serverCodecFor(headers, message(method, params)).era).toBe(era);
  });
});

describe('the legacy era', () => {
  const { server, client } = legacyCodec;

  test.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2024-11-05', '2024-11-05'],
    ['1999-01-01', '2025-11-25'],
  ])('initialize with %s agrees on %s', (requested, agreed) => {
    const { json, sessionVersion } = server.protocolResult(
      message('initialize', { protocolVersion: requested, capabilities: {} }),
      self,
    );
    expect(sessionVersion).toBe(agreed);
    expect(JSON.parse(json)).toEqual({
      protocolVersion: agreed,
      capabilities: { tools: {} },
      serverInfo: self,
    });
  });

  test('an unknown revision in the header is refused, a missing one is not', () => {
    const list = message('tools/list');
    expect(() => server.validate({}, list)).not.toThrow();
    expect(() => server.validate({ 'mcp-protocol-version': '2020-01-01' }, list)).toThrow(
      expect.objectContaining({ code: 'unsupported_protocol_version' }),
    );
  });

  test('a method that it does not have is unknown', () => {
    expect(() => server.validate({}, message('server/discover'))).toThrow(
      expect.objectContaining({ code: 'method_not_found' }),
    );
  });

  test('a server that asks for input in the modern way cannot be relayed', () => {
    expect(() => server.relayResult(answer('{"id":1,"result":{"resultType":"input_required"}}'))).toThrow(
      expect.objectContaining({ code: 'upstream_invalid' }),
    );
  });

  test('a client keeps the session it was given, and says so on each request', async () => {
    const { send, asked } = peer({
      initialize: {
        sessionId: 's-1',
        body: { result: { protocolVersion: '2025-06-18', capabilities: { tools: {} } } },
      },
      'notifications/initialized': { status: 202 },
    });
    const connected = await client.connect(send, self);
    expect(connected).toMatchObject({ era: 'legacy', protocolVersion: '2025-06-18', sessionId: 's-1' });
    const headers = { 'mcp-protocol-version': '2025-06-18', 'mcp-session-id': 's-1' };
    expect(asked.map(({ method }) => method)).toEqual(['initialize', 'notifications/initialized']);
    expect(asked[1]?.headers).toEqual(headers);
    expect(connected && client.headers(connected, 'tools/call', 'echo')).toEqual(headers);
  });

  test('a server without sessions can forget nobody', async () => {
    const { send } = peer({ initialize: { body: { result: { protocolVersion: '2025-11-25' } } } });
    const connected = await client.connect(send, self);
    if (connected === undefined) throw new Error('not connected');
    expect(connected.sessionId).toBeUndefined();
    expect(client.forgotten(connected, 404, false)).toBe(false);
    const withSession = { ...connected, sessionId: 's' };
    expect(client.forgotten(withSession, 404, true)).toBe(true);
    expect(client.forgotten(withSession, 400, false)).toBe(true);
    expect(client.forgotten(withSession, 400, true)).toBe(false);
  });
});

describe('the modern era', () => {
  const { server, client } = modernCodec;
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
  const call = message('tools/call', { name: 'echo', _meta: envelope });

  test('accepts a call whose headers mirror its body', () => {
    expect(() => server.validate(headers, call)).not.toThrow();
  });

  test.each<[string, string, WireHeaders, object | undefined, string]>([
    [
      'an envelope without capabilities',
      'invalid_params',
      {},
      { _meta: { 'io.modelcontextprotocol/protocolVersion': 'x' } },
      'tools/call',
    ],
    [
      'no version header',
      'header_mismatch',
      { ...headers, 'mcp-protocol-version': undefined },
      undefined,
      'tools/call',
    ],
    [
      'another version in the header',
      'header_mismatch',
      { ...headers, 'mcp-protocol-version': '2027-01-01' },
      undefined,
      'tools/call',
    ],
    [
      'another method in the header',
      'header_mismatch',
      { ...headers, 'mcp-method': 'tools/list' },
      undefined,
      'tools/call',
    ],
    ['no method header', 'header_mismatch', { ...headers, 'mcp-method': undefined }, undefined, 'tools/call'],
    [
      'another name in the header',
      'header_mismatch',
      { ...headers, 'mcp-name': 'Echo' },
      undefined,
      'tools/call',
    ],
    ['no name header', 'header_mismatch', { ...headers, 'mcp-name': undefined }, undefined, 'tools/call'],
    [
      'a removed method, whatever its name header',
      'method_not_found',
      { ...headers, 'mcp-method': 'ping' },
      undefined,
      'ping',
    ],
    [
      'a revision that does not exist yet',
      'unsupported_protocol_version',
      { ...headers, 'mcp-protocol-version': '2027-01-01' },
      { _meta: { ...envelope, 'io.modelcontextprotocol/protocolVersion': '2027-01-01' } },
      'tools/call',
    ],
  ])('refuses %s: %s', (_what, code, given, params, method) => {
    const sent = message(method, { name: 'echo', _meta: envelope, ...params });
    expect(() => server.validate(given, sent)).toThrow(expect.objectContaining({ code }));
  });

  test('answers refusals of validation with their HTTP status', () => {
    expect(server.errorStatus('method_not_found')).toBe(404);
    expect(server.errorStatus('header_mismatch')).toBe(400);
    expect(server.errorStatus('not_found')).toBe(200);
  });

  test('gives what a legacy server left out', () => {
    expect(server.relayResult(answer('{"id":1,"result":{"content":[]}}'))).toBe(
      '{"resultType":"complete","content":[]}',
    );
    expect(server.relayResult(answer('{"id":1,"result":{ }}'))).toBe('{"resultType":"complete" }');
  });

  test('lists and discovery say how long they may be kept, and by whom', () => {
    const mandatory = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' };
    expect(JSON.parse(server.listResult('tools', '[]', self))).toMatchObject({ tools: [], ...mandatory });
    expect(JSON.parse(server.protocolResult(message('server/discover'), self).json)).toMatchObject({
      supportedVersions: ['2026-07-28'],
      ...mandatory,
    });
  });

  test('forwards the headers that mirror arguments', () => {
    expect(server.forwardedHeaders({ ...headers, 'mcp-param-region': 'eu', cookie: 'x' })).toEqual({
      'mcp-param-region': 'eu',
    });
  });

  test.each<[string, Parameters<typeof peer>[0]]>([
    ['does not know the method', { 'server/discover': { body: { error: { code: -32601, message: '' } } } }],
    ['wants a session first', { 'server/discover': { status: 400 } }],
    [
      'serves only older revisions',
      { 'server/discover': { body: { result: { supportedVersions: ['2025-11-25'] } } } },
    ],
  ])('a server that %s is not of this era', async (_what, replies) => {
    expect(await client.connect(peer(replies).send, self)).toBeUndefined();
  });

  test.each([401, 403, 503])('HTTP %i decides nothing about the era', async (status) => {
    await expect(client.connect(peer({ 'server/discover': { status } }).send, self)).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
  });
});

describe('our envelope', () => {
  test('is put in front of the params, which stay as they were', () => {
    const text = withEnvelope('{ "name":"echo","n":1.0 }', 'none', self);
    expect(text).toMatch(/^\{"_meta":\{.*\}, "name":"echo","n":1\.0 \}$/);
    expect(JSON.parse(text)).toMatchObject({
      _meta: { ...envelope, 'io.modelcontextprotocol/clientInfo': self },
    });
  });

  test('joins a _meta that is there, with what it holds', () => {
    const text = withEnvelope('{"_meta":{"progressToken":9007199254740993}}', 'other', self);
    expect(text).toContain(',"progressToken":9007199254740993}');
    expect(Object.keys(JSON.parse(text)['_meta'])).toHaveLength(4);
  });

  test('fits into empty params', () => {
    expect(JSON.parse(withEnvelope('{}', 'none', self))).toMatchObject({ _meta: envelope });
  });
});

describe('a mirrored header', () => {
  test.each(['echo', 'a b', ' padded ', 'zürich', '日本', '=?base64?eA==?=', 'line\nbreak', ''])(
    'carries %j there and back',
    (value) => {
      const encoded = encodeHeaderValue(value);
      expect(encoded).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeHeaderValue(encoded)).toBe(value);
    },
  );

  test.each(['=?base64?x?=', '=?base64?eA==', '=?base64?/w==?='])('%s stands for nothing', (header) => {
    expect(decodeHeaderValue(header)).toBeUndefined();
  });
});
