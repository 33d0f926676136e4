import { describe, expect, it } from 'vitest';
import { bodyOf, createWire, isResponseTo, judgeResponse, judgeStatus } from './mcp-wire.ts';
import type { HttpAnswer } from './http-target.ts';

function answer(body: unknown, status = 200): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const rest = { contentType: 'application/json', sessionId: undefined, headers: {}, endMs: 0 };
  return { status, body: text, bytes: text.length, ...rest };
}

describe('the legacy wire', () => {
  const wire = createWire('legacy', 'top-secret');

  it('begins with initialize, without a version or session header', () => {
    expect(JSON.parse(bodyOf(wire.hello, 1))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'gaugeway-load', version: '1' },
      },
    });
    expect(wire.headers(wire.hello, undefined)).toEqual({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'user-agent': 'gaugeway-load',
      authorization: 'Bearer top-secret',
    });
  });

  it('repeats the session and the agreed version afterwards', () => {
    const session = { sessionId: 's-1', protocolVersion: '2025-06-18' };
    expect(wire.headers(wire.message('ping'), session)).toMatchObject({
      'mcp-session-id': 's-1',
      'mcp-protocol-version': '2025-06-18',
    });
  });

  it('asks no session of a server that gave none', () => {
    const headers = wire.headers(wire.message('ping'), {
      sessionId: undefined,
      protocolVersion: '2025-11-25',
    });
    expect(headers).not.toHaveProperty('mcp-session-id');
  });

  it('sends notifications without an id', () => {
    expect(JSON.parse(bodyOf(wire.message('notifications/initialized'), undefined))).not.toHaveProperty('id');
  });
});

describe('the modern wire', () => {
  const wire = createWire('modern', undefined);

  it('says in every message and header who asks for what', () => {
    const message = wire.message('tools/call', { name: 'echo', arguments: {} }, 'echo');
    expect(JSON.parse(bodyOf(message, 4)).params).toEqual({
      name: 'echo',
      arguments: {},
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
        'io.modelcontextprotocol/clientInfo': { name: 'gaugeway-load', version: '1' },
      },
    });
    expect(wire.headers(message, undefined)).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
    });
    expect(wire.headers(message, undefined)).not.toHaveProperty('authorization');
  });

  it.each([
    ['größe', '=?base64?Z3LDtsOfZQ==?='],
    [' padded', '=?base64?IHBhZGRlZA==?='],
    ['=?base64?x?=', '=?base64?PT9iYXNlNjQ/eD89?='],
    ['two words', 'two words'],
  ])('writes the name %j as the header %j', (name, header) => {
    const message = wire.message('tools/call', { name }, name);
    expect(wire.headers(message, undefined)['mcp-name']).toBe(header);
  });
});

describe('judging an answer', () => {
  it('takes a result', () => {
    const judgement = judgeResponse(answer({ jsonrpc: '2.0', id: 1, result: { tools: [] } }), 1, false);
    expect(judgement).toEqual({ result: { tools: [] } });
  });

  it.each([
    ['isError', { result: { isError: true, content: [{ type: 'text', text: 'why' }] } }, 'why'],
    ['json-rpc -32001', { error: { code: -32001, message: 'gone' } }, 'gone'],
    ['result not complete', { result: { resultType: 'input_required' } }, '"input_required"'],
    ['malformed answer', {}, 'neither a result nor an error'],
    ['json-rpc -32700', { id: null, error: { code: -32700, message: 'Parse error' } }, 'Parse error'],
    ['malformed answer', { error: { message: 'no' } }, 'an error without a code'],
    ['malformed answer', { id: 2, result: {} }, 'the id of another request'],
    ['malformed answer', { jsonrpc: '1.0', result: {} }, 'not JSON-RPC 2.0'],
  ])('names the failure %s', (failure, fields, detail) => {
    const body = { jsonrpc: '2.0', id: 1, ...fields };
    expect(judgeResponse(answer(body), 1, false)).toMatchObject({ failure, detail });
  });

  it.each([
    ['', 'an empty body'],
    ['null', 'not a JSON object'],
    ['[]', 'not a JSON object'],
    ['{"jsonrpc":', 'JSON that is cut off'],
    ['<html>', 'HTML or XML, not JSON'],
    ['Bad gateway', 'not JSON'],
  ])('calls %j malformed, and says how', (body, detail) => {
    expect(judgeResponse(answer(body), 1, false)).toEqual({ failure: 'malformed answer', detail });
  });

  it.each([
    [{ error: { code: -32020, message: 'no such header' } }, 'http 400 json-rpc -32020', 'no such header'],
    [{ detail: 'Not authenticated' }, 'http 400', 'Not authenticated'],
    [{ error: 'unavailable' }, 'http 400', 'unavailable'],
  ])('keeps the words of a refusal %j', (body, failure, detail) => {
    expect(judgeResponse(answer(body, 400), 1, false)).toMatchObject({ failure, detail });
  });

  it('tells a lost session from a page that is not there', () => {
    expect(judgeResponse(answer('', 404), 1, true)).toMatchObject({ sessionLost: true });
    expect(judgeResponse(answer('', 404), 1, false)).toEqual({ failure: 'http 404', detail: '' });
  });

  it('bounds the words it keeps of the peer', () => {
    const body = { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x'.repeat(10_000) } };
    const judgement = judgeResponse(answer(body), 1, false);
    expect('detail' in judgement && judgement.detail.length).toBe(200);
  });

  it('takes any 2xx for what has no response, and what is allowed beyond', () => {
    expect(judgeStatus(answer('', 202))).toBeUndefined();
    expect(judgeStatus(answer('', 405))).toBe('http 405');
    expect(judgeStatus(answer('', 405), [405])).toBeUndefined();
    expect(judgeStatus({ failure: 'timeout', endMs: 0 })).toBe('timeout');
  });
});

describe('an event of a stream', () => {
  it.each([
    [true, { id: 3, result: {} }],
    [true, { id: 3, error: { code: 1 } }],
    [false, { id: 4, result: {} }],
    [false, { id: 3, method: 'sampling/createMessage' }],
    [false, { method: 'notifications/progress' }],
  ])('is the response: %s for %j', (expected, message) => {
    expect(isResponseTo(3, JSON.stringify({ jsonrpc: '2.0', ...message }))).toBe(expected);
  });
});
