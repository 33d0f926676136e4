import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpTarget } from '../../src/lab/load/http-target.ts';
import type { HttpAnswer } from '../../src/lab/load/http-target.ts';
import { McpClient } from '../../src/lab/load/mcp-client.ts';
import type { FinishedRequest } from '../../src/lab/load/mcp-client.ts';
import { createWire } from '../../src/lab/load/mcp-wire.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

async function startTarget(listener: RequestListener, host = '127.0.0.1'): Promise<HttpTarget> {
  const server = createServer(listener).listen(0, host);
  await once(server, 'listening');
  const target = new HttpTarget(originOf(server), 20_000);
  cleanUp.push(
    async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    () => target.destroy(),
  );
  return target;
}

function originOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

/** Tells what it was asked, in headers and body. */
const mirror: RequestListener = (request, response) => {
  void text(request).then((body) => {
    response.setHeader('x-method', request.method ?? '');
    response.setHeader('x-colour', request.headers['x-colour'] ?? '');
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(`${request.url ?? ''} ${body}`);
  });
};

describe('a request to the target', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('is sent as it is: %s', async (method) => {
    const target = await startTarget(mirror);
    const request = { method, path: '/a?b=c', headers: { 'x-colour': 'blue' } };
    const answer = await target.send({
      ...request,
      ...(method === 'GET' ? {} : { body: '€' }),
      wantsBody: true,
      wantsHeaders: true,
    });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'x-method': method, 'x-colour': 'blue', 'set-cookie': 'a=1, b=2' },
      body: method === 'GET' ? '/a?b=c ' : '/a?b=c €',
    });
  });

  it('keeps of the answer what was asked for, and counts the rest', async () => {
    const target = await startTarget((_request, response) => void response.end('four'));
    const answer = await target.send({ method: 'GET', path: '/', headers: {} });
    expect(answer).toMatchObject({ status: 200, headers: {}, body: null, bytes: 4 });
  });

  it.each(['http://192.0.2.1/', 'elsewhere'])('goes nowhere else: %s', async (path) => {
    let asked = 0;
    const target = await startTarget((_request, response) => {
      asked += 1;
      response.end();
    });
    const outcome = await target.send({ method: 'GET', path, headers: {} });
    expect(outcome).toMatchObject({ failure: 'invalid request: not a path of the target' });
    expect(asked).toBe(0);
  });

  it('lets others run when it cannot be sent and is tried again without a pause', async () => {
    const target = await startTarget(mirror);
    const others = new AbortController();
    setTimeout(() => others.abort(), 1);
    let tries = 0;
    for (; !others.signal.aborted && tries < 1_000_000; tries += 1) {
      await target.send({ method: 'GET', path: 'elsewhere', headers: {} });
    }
    expect(tries).toBeLessThan(1_000_000);
  });

  it('is refused before it is sent when a header cannot be written', async () => {
    const target = await startTarget(mirror);
    const outcome = await target.send({ method: 'GET', path: '/', headers: { 'x-colour': 'a\r\nb: c' } });
    expect(outcome).toMatchObject({ failure: 'invalid request: invalid x-colour header' });
  });

  it('reaches a target on the loopback of IPv6', async () => {
    const target = await startTarget(mirror, '::1');
    expect(await target.send({ method: 'GET', path: '/', headers: {} })).toMatchObject({ status: 200 });
  });
});

async function startClient(listener: RequestListener): Promise<[McpClient, FinishedRequest[]]> {
  const finished: FinishedRequest[] = [];
  const wire = createWire('modern', undefined);
  const client = new McpClient(await startTarget(listener), wire, '/mcp', (one) => finished.push(one));
  return [client, finished];
}

const sayNo: RequestListener = (_request, response) => void response.end('no');
const refuseNo = ({ body }: HttpAnswer): string | undefined => (body === 'no' ? 'check: body' : undefined);

describe('a request of a client that is not MCP', () => {
  const request = { method: 'GET', path: '/', headers: {} };

  it('is counted under its name, and fails by its status', async () => {
    const [client, finished] = await startClient((_request, response) => void response.writeHead(503).end());
    expect(await client.http(request, 'GET page')).toMatchObject({
      answer: { status: 503 },
      failure: 'http 503',
    });
    expect(finished).toMatchObject([{ name: 'GET page', failure: 'http 503', responseBytes: 0 }]);
  });

  it('fails by what the caller finds wrong with the answer', async () => {
    const [client, finished] = await startClient(sayNo);
    const { failure } = await client.http({ ...request, wantsBody: true }, 'GET page', undefined, refuseNo);
    expect(failure).toBe('check: body');
    expect(finished).toMatchObject([{ failure: 'check: body', responseBytes: 2 }]);
  });
});
