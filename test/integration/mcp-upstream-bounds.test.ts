import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { createStreamableHttpUpstream } from '../../src/gateway/upstream/streamable-http.ts';
import type { Upstream } from '../../src/gateway/upstream/upstream.ts';
import { isRecord } from '../../src/protocol/record.ts';
import { createLogger } from '../../src/shared/logger.ts';

/** Answers one method of the server in its own way; `id` is JSON text. */
type Answers = Readonly<Record<string, (res: ServerResponse, id: string) => void>>;

const usual: Answers = {
  initialize: (res, id) =>
    answer(res, id, '{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{}}'),
  'tools/list': (res, id) => answer(res, id, '{"tools":[{"name":"tool"}]}'),
};

function answer(res: ServerResponse, id: string, resultJson: string): void {
  res.writeHead(200, { 'content-type': 'application/json' });
  res.end(`{"jsonrpc":"2.0","id":${id},"result":${resultJson}}`);
}

/** Writes `chunk` for as long as the other side takes it. */
function streamForever(res: ServerResponse, chunk: string): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => res.write(chunk), 5);
  res.on('close', () => clearInterval(timer));
}

/** A legacy server that answers as told, and the gateway's upstream in front of it, with small bounds. */
async function startUpstream(answers: Answers): Promise<Upstream & AsyncDisposable> {
  const server = createServer((req, res) => {
    json(req).then(
      (message) => {
        const { method, id } = isRecord(message) ? message : {};
        const respond = { ...usual, ...answers }[String(method)];
        if (respond === undefined) res.writeHead(404).end();
        else respond(res, JSON.stringify(id));
      },
      (error: unknown) => res.destroy(new Error('not JSON', { cause: error })),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const upstream = createStreamableHttpUpstream({
    gatewayId: 'up',
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    allowPrivate: true,
    self: { name: 'gaugeway', version: '0.0.0' },
    logger: createLogger('silent'),
    timeoutMs: 400,
    maxResponseBytes: 100_000,
  });
  return {
    gatewayId: 'up',
    discover: (signal) => upstream.discover(signal),
    call: (request, signal) => upstream.call(request, signal),
    close: () => upstream.close(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await Promise.all([upstream.close(), new Promise((resolve) => server.close(resolve))]);
    },
  };
}

const unbounded = new AbortController().signal;
const toolCall = { method: 'tools/call', name: 'tool', paramsJson: '{"name":"tool"}', meta: 'none' } as const;

test.each([
  ['notifications', 'data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n'.repeat(100)],
  ['comments', ': \n'.repeat(3000)],
  ['line ends', '\n'.repeat(9000)],
])('a call that is answered with %s without end fails at the bound of an answer', async (_what, chunk) => {
  await using upstream = await startUpstream({ 'tools/call': (res) => streamForever(res, chunk) });
  await expect(upstream.call(toolCall)).rejects.toMatchObject({ code: 'upstream_invalid' });
});

test('a server that asks on and on instead of answering is given up', async () => {
  const ask = 'data: {"jsonrpc":"2.0","id":"a","method":"ping"}\n\n';
  let answered = 0;
  await using upstream = await startUpstream({
    'tools/call': (res) => streamForever(res, ask.repeat(100)),
    // What we answer names no method.
    undefined: (res) => {
      answered += 1;
      res.writeHead(202).end();
    },
  });
  await expect(upstream.call(toolCall)).rejects.toMatchObject({ code: 'upstream_invalid' });
  expect(answered).toBeGreaterThan(0);
  expect(answered).toBeLessThanOrEqual(1000);
});

test('a server that never comes to the end of its answer while connecting is given up', async () => {
  await using upstream = await startUpstream({ initialize: (res) => streamForever(res, ': \n') });
  await expect(upstream.call(toolCall)).rejects.toMatchObject({ code: 'upstream_timeout' });
});

test('a list of tools is bounded over all its pages', async () => {
  let pages = 0;
  await using upstream = await startUpstream({
    'tools/list'(res, id) {
      pages += 1;
      const description = 'x'.repeat(30_000);
      answer(
        res,
        id,
        JSON.stringify({ tools: [{ name: `tool${pages}`, description }], nextCursor: `${pages}` }),
      );
    },
  });
  await expect(upstream.discover(unbounded)).rejects.toMatchObject({ code: 'upstream_invalid' });
  expect(pages).toBe(4);
});

test('a list of more tools than any server has is refused', async () => {
  const page = JSON.stringify({ tools: Array.from({ length: 6000 }, () => ({})), nextCursor: 'next' });
  await using upstream = await startUpstream({ 'tools/list': (res, id) => answer(res, id, page) });
  await expect(upstream.discover(unbounded)).rejects.toThrow('more than 10000 tools');
});

test('two content types are none', async () => {
  await using upstream = await startUpstream({
    'tools/call': (res) =>
      res.writeHead(200, ['Content-Type', 'application/json', 'Content-Type', 'text/html']).end('{}'),
  });
  await expect(upstream.call(toolCall)).rejects.toMatchObject({ code: 'upstream_invalid' });
});

test('a media type may be written in capitals', async () => {
  await using upstream = await startUpstream({
    'tools/call': (res, id) =>
      res
        .writeHead(200, { 'content-type': 'Application/JSON' })
        .end(`{"jsonrpc":"2.0","id":${id},"result":{}}`),
  });
  expect(await upstream.call(toolCall)).toMatchObject({ json: '{}' });
});

test('early hints are not the answer', async () => {
  await using upstream = await startUpstream({
    'tools/call'(res, id) {
      res.writeEarlyHints({ link: '</style.css>; rel=preload', 'content-type': 'text/event-stream' });
      answer(res, id, '{"content":[]}');
    },
  });
  expect(await upstream.call(toolCall)).toMatchObject({ json: '{"content":[]}' });
});
