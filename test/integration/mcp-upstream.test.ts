import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { isRecord } from '../../src/protocol/record.ts';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { startDataPlane } from '../support/data-plane.ts';
import { modernRequest, openSession, post } from '../support/mcp-client.ts';

interface Seen {
  method: string;
  body: string;
  id: unknown;
  headers: IncomingHttpHeaders;
}

type Answer = (seen: Seen, res: ServerResponse, req: IncomingMessage) => void;

/** A legacy MCP server that keeps the rules but for what `answer` does on tools/call. */
async function startServer(answer: Answer, options: { sessions?: boolean; tools?: object[] } = {}) {
  const seen: Seen[] = [];
  const tools = options.tools ?? [{ name: 'tool', inputSchema: { type: 'object' } }];
  let sessionId = 'session-1';
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    req.on('end', () => {
      const message: unknown = req.method === 'POST' ? JSON.parse(body) : {};
      const method = isRecord(message) && typeof message['method'] === 'string' ? message['method'] : '';
      const request = {
        method,
        body,
        id: isRecord(message) ? message['id'] : undefined,
        headers: req.headers,
      };
      seen.push(request);
      const known = options.sessions === false || req.headers['mcp-session-id'] === sessionId;
      if (method === '' || method.startsWith('notifications/')) res.writeHead(202).end();
      else if (method === 'initialize') {
        const session = options.sessions === false ? {} : { 'mcp-session-id': sessionId };
        const result = {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 's', version: '1' },
        };
        sendJson(res, { id: request.id, result }, session);
      } else if (!known)
        sendJson(res.writeHead(404, { 'content-type': 'application/json' }), { id: null, error: {} });
      else if (method === 'tools/list') sendJson(res, { id: request.id, result: { tools } });
      else if (method === 'tools/call') answer(request, res, req);
      else sendJson(res, { id: request.id, error: { code: -32601, message: 'unknown method' } });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/mcp`,
    seen,
    of: (method: string) => seen.filter((request) => request.method === method),
    forgetSession: () => {
      sessionId = 'session-2';
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

function sendJson(res: ServerResponse, message: object, headers: Record<string, string> = {}): void {
  if (!res.headersSent) res.writeHead(200, { 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
}

const fine: Answer = ({ id }, res) => sendJson(res, { id, result: { content: [] } });
const callTool = (name = 'up-tool', id: number | string = 1, args: object = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});

describe('one call is one upstream request', () => {
  test('on one warm session that all clients share', async () => {
    await using server = await startServer(fine);
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const sessions = await Promise.all([openSession(plane.url), openSession(plane.url)]);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        post(plane.url, callTool('up-tool', `same-id-${n % 2}`), sessions[n % 2]),
      ),
    );
    expect(replies.map(({ messages: [message] }) => message?.['id'])).toEqual(
      Array.from({ length: 20 }, (_, n) => `same-id-${n % 2}`),
    );
    const calls = server.of('tools/call');
    expect(calls).toHaveLength(20);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(20);
    expect(server.of('initialize')).toHaveLength(1);
    expect(calls[0]?.headers).toMatchObject({
      'mcp-session-id': 'session-1',
      'mcp-protocol-version': '2025-06-18',
    });
  });

  test('and never carries the credentials of the client', async () => {
    await using server = await startServer(fine);
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const session = await openSession(plane.url);
    await post(plane.url, callTool(), { ...session, authorization: 'Bearer secret', cookie: 'a=b' });
    expect(server.of('tools/call')[0]?.headers).not.toHaveProperty('authorization');
    expect(server.of('tools/call')[0]?.headers).not.toHaveProperty('cookie');
  });
});

test('the payload passes both ways byte for byte', async () => {
  const result =
    '{"content":[],"structuredContent":{"z":1.000,"big":123456789012345678901234567890,"a":"\\u00e9é"},"x-new":null}';
  await using server = await startServer(({ id }, res) => {
    res.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    res.end(`{"result":${result}, "id":${String(id)},"jsonrpc":"2.0"}`);
  });
  await using plane = await startDataPlane({ upstreams: { up: server.url } });
  const args =
    '{"n":1e400,"big":-98765432109876543210.50,"dup":1,"dup":2,"s":"\\/\\ud83d\\ude00é","name":"up-tool"}';
  const params = (name: string) => `{ "arguments" : ${args}, "name":"${name}","future":[1, 2] }`;
  const body = `{"id":12345678901234567890,"params":${params('up-tool')},"method":"tools/call","jsonrpc":"2.0"}`;
  const { text } = await post(plane.url, body, await openSession(plane.url));
  expect(text).toBe(`{"jsonrpc":"2.0","id":12345678901234567890,"result":${result}}`);
  expect(server.of('tools/call')[0]?.body).toContain(`"params":${params('tool')}}`);
});

describe('a session that the upstream forgot', () => {
  test('is opened again once, however many calls notice, and every call succeeds', async () => {
    await using server = await startServer(fine);
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const session = await openSession(plane.url);
    server.forgetSession();
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, id) => post(plane.url, callTool('up-tool', id), session)),
    );
    expect(replies.every(({ messages: [message] }) => message !== undefined && 'result' in message)).toBe(
      true,
    );
    expect(server.of('initialize').length).toBe(2);
  });

  test('is none where the server keeps none', async () => {
    await using server = await startServer(fine, { sessions: false });
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    expect((await post(plane.url, callTool(), await openSession(plane.url))).text).toContain('"result"');
    expect(server.of('tools/call')[0]?.headers).not.toHaveProperty('mcp-session-id');
  });
});

test('an upstream that was restarted is found again', async () => {
  const first = await startUpstreamFixture({ port: 0 });
  await using plane = await startDataPlane({ upstreams: { lab: first.url } });
  const session = await openSession(plane.url);
  await first.close();
  const down = await post(plane.url, callTool('lab-echo', 1, { message: 'x' }), session);
  expect(down.messages[0]).toMatchObject({
    error: { code: -32603, data: { reason: 'upstream_unreachable' } },
  });
  const second = await startUpstreamFixture({ port: Number(new URL(first.url).port) });
  const up = await post(plane.url, callTool('lab-echo', 2, { message: 'back' }), session);
  expect(up.text).toContain('back');
  await second.close();
});

const progress = (n: number) =>
  `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":${n}}}`;
const event = (json: string) => `event: message\ndata: ${json}\n\n`;

const streaming: Answer = ({ id }, res) => {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write(`: hello\n\nid: 1\nretry: 5\ndata:\n\n${event(progress(1))}`);
  res.write(event(progress(2)).slice(0, 25));
  setTimeout(() => {
    res.write(event(progress(2)).slice(25));
    res.end(event(`{"jsonrpc":"2.0","id":${String(id)},"result":{"content":[]}}`));
  }, 20);
};

describe('an answer as event stream', () => {
  test('is relayed in order, as it comes, and ends with the answer under the id of the client', async () => {
    await using server = await startServer(streaming);
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const { headers, messages } = await post(
      plane.url,
      callTool('up-tool', 'mine'),
      await openSession(plane.url),
    );
    expect(headers.get('content-type')).toBe('text/event-stream');
    expect(messages).toEqual([
      JSON.parse(progress(1)),
      JSON.parse(progress(2)),
      { jsonrpc: '2.0', id: 'mine', result: { content: [] } },
    ]);
  });

  test('becomes JSON for a client that takes no stream', async () => {
    await using server = await startServer(streaming);
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const session = await openSession(plane.url);
    const { headers, messages } = await post(plane.url, callTool(), {
      ...session,
      accept: 'application/json',
    });
    expect(headers.get('content-type')).toBe('application/json');
    expect(messages).toEqual([{ jsonrpc: '2.0', id: 1, result: { content: [] } }]);
  });

  test('a server that asks something on it is answered, and may go on', async () => {
    let proceed: (() => void) | undefined;
    await using server = await startServer(({ id }, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(event('{"jsonrpc":"2.0","id":"p","method":"ping"}'));
      proceed = () => res.end(event(`{"jsonrpc":"2.0","id":${String(id)},"result":{"content":[]}}`));
    });
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const reply = post(plane.url, callTool(), await openSession(plane.url));
    await expect
      .poll(() => server.seen.some(({ body }) => body === '{"jsonrpc":"2.0","id":"p","result":{}}'))
      .toBe(true);
    proceed?.();
    expect((await reply).text).toContain('"result"');
  });

  test('without an answer is an error, after what had come', async () => {
    await using server = await startServer((_seen, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.end(event(progress(1)));
    });
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const { messages } = await post(plane.url, callTool(), await openSession(plane.url));
    expect(messages).toEqual([
      JSON.parse(progress(1)),
      expect.objectContaining({ id: 1, error: expect.anything() }),
    ]);
  });
});

describe('an upstream that fails', () => {
  test.each<[string, string, Answer]>([
    ['closes the connection', 'upstream_unreachable', (_seen, res) => void res.destroy()],
    ['is overloaded', 'upstream_unreachable', (_seen, res) => void res.writeHead(503).end('busy')],
    [
      'answers HTML',
      'upstream_invalid',
      (_seen, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    ],
    [
      'answers broken JSON',
      'upstream_invalid',
      (_seen, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":'),
    ],
    [
      'answers broken UTF-8',
      'upstream_invalid',
      (_seen, res) =>
        void res.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.from([0x7b, 0xff, 0x7d])),
    ],
    [
      'answers another request',
      'upstream_invalid',
      (_seen, res) => sendJson(res, { id: 'other', result: {} }),
    ],
    [
      'answers too much',
      'upstream_invalid',
      ({ id }, res) => sendJson(res, { id, result: { x: 'x'.repeat(200_000) } }),
    ],
    ['does not answer in time', 'upstream_timeout', () => undefined],
  ])('because it %s: %s, and the others go on', async (_what, reason, answer) => {
    const fixture = await startUpstreamFixture({ port: 0 });
    await using server = await startServer(answer);
    await using plane = await startDataPlane({
      upstreams: { up: server.url, lab: fixture.url },
      maxResponseBytes: 100_000,
      timeoutMs: 400,
    });
    const session = await openSession(plane.url);
    const [failed, other] = await Promise.all([
      post(plane.url, callTool(), session),
      post(plane.url, callTool('lab-echo', 2, { message: 'fine' }), session),
    ]);
    expect(failed.status).toBe(200);
    expect(failed.messages[0]).toMatchObject({ id: 1, error: { code: -32603, data: { reason } } });
    expect(JSON.stringify(failed.messages[0])).toContain('upstream up');
    expect(other.text).toContain('fine');
    expect(plane.calls.filter(({ isSuccess }) => !isSuccess)).toHaveLength(1);
    await fixture.close();
  });

  test('with a JSON-RPC error of its own passes it on', async () => {
    const error = { code: -32050, message: 'quota', data: { left: 0 } };
    await using server = await startServer(({ id }, res) => sendJson(res, { id, error }));
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const { messages } = await post(plane.url, callTool(), await openSession(plane.url));
    expect(messages[0]).toEqual({ jsonrpc: '2.0', id: 1, error });
  });
});

describe('a client that goes away', () => {
  test('cancels its call in the modern era', async () => {
    let closed = false;
    await using server = await startServer((_seen, res) => {
      res.on('close', () => {
        closed = true;
      });
    });
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const request = modernRequest('tools/call', { name: 'up-tool', arguments: {} });
    const leaving = new AbortController();
    const reply = post(plane.url, request.body, request.headers, leaving.signal);
    await expect.poll(() => server.of('tools/call').length).toBe(1);
    leaving.abort();
    await expect(reply).rejects.toThrow();
    await expect.poll(() => closed).toBe(true);
    await expect.poll(() => plane.inFlight()).toBe(0);
  });

  test('does not cancel it in the legacy era, where connections may come and go', async () => {
    let finish: (() => void) | undefined;
    await using server = await startServer((seen, res, req) => {
      finish = () => fine(seen, res, req);
    });
    await using plane = await startDataPlane({ upstreams: { up: server.url } });
    const leaving = new AbortController();
    const reply = post(plane.url, callTool(), await openSession(plane.url), leaving.signal);
    await expect.poll(() => finish).toBeDefined();
    leaving.abort();
    await expect(reply).rejects.toThrow();
    finish?.();
    await expect.poll(() => plane.calls).toMatchObject([{ isSuccess: true }]);
  });
});

test('closing an upstream ends its session there', async () => {
  await using server = await startServer(fine);
  const plane = await startDataPlane({ upstreams: { up: server.url } });
  await plane[Symbol.asyncDispose]();
  expect(server.seen.at(-1)?.headers['mcp-session-id']).toBe('session-1');
  expect(server.seen.at(-1)?.method).toBe('');
});
