import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { isLoopbackHost } from '../../../shared/loopback.ts';
import { LoadTest } from './load-test.ts';
import type { LoadTestOptions } from './load-test.ts';
import { findRoute } from './load-routes.ts';
import type { RouteAnswer } from './load-routes.ts';

const loopbackAddress = '127.0.0.1';
const maxBodyBytes = 64 * 1024;

export interface LoadServerOptions extends LoadTestOptions {
  /** 0 takes a free one. */
  port: number;
}

export interface LoadServer {
  readonly url: string;
  readonly test: LoadTest;
  /** Ends the load and the server. */
  close(): Promise<void>;
}

/**
 * Serves the load test page and Locust's web API, on loopback only: a page of
 * another site can neither reach it by name (Host) nor send it requests (Origin, Sec-Fetch-Site).
 * Throws `unavailable` when the port is taken.
 */
export async function startLoadServer(options: LoadServerOptions): Promise<LoadServer> {
  const test = new LoadTest(options);
  const server = createServer((request, response) => {
    route(request, response, test).catch((error: unknown) => sendError(response, error, options.logger));
  });
  server.listen(options.port, loopbackAddress);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new GaugewayError(
      'unavailable',
      `the load page cannot listen on port ${options.port}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://${loopbackAddress}:${port}`,
    test,
    async close() {
      await test.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function route(request: IncomingMessage, response: ServerResponse, test: LoadTest): Promise<void> {
  const [path = '/', query] = (request.url ?? '/').split('?', 2);
  refuseStrangers(request, path);
  const answer = await findRoute(request.method ?? '', path).answer(test, {
    query: new URLSearchParams(query),
    contentType: request.headers['content-type'] ?? '',
    readBody: () => readBody(request),
  });
  send(response, 200, answer);
}

/** Another site may link to the page, and nothing more; the same machine's other ports are other sites here. */
function refuseStrangers({ headers }: IncomingMessage, pathname: string): void {
  const host = headers.host ?? '';
  const isOwnName = isLoopbackHost(URL.parse(`http://${host}`)?.hostname ?? '');
  const isOwnOrigin = headers.origin === undefined || headers.origin === `http://${host}`;
  const site = headers['sec-fetch-site'] ?? 'none';
  const isOwnSite = site === 'none' || site === 'same-origin' || pathname === '/';
  if (!isOwnName || !isOwnOrigin || !isOwnSite) {
    throw new GaugewayError('forbidden', 'requests of other sites are refused');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > maxBodyBytes)
      throw new GaugewayError('body_too_large', `the body is over ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendError(response: ServerResponse, error: unknown, logger: Logger): void {
  if (response.headersSent) return void response.destroy();
  const contentType = 'text/plain; charset=utf-8';
  if (error instanceof GaugewayError) {
    return send(response, error.spec.httpStatus, { contentType, body: `${error.message}\n` });
  }
  logger.error('the load page failed', { error: messageOf(error) });
  return send(response, 500, { contentType, body: 'internal error\n' });
}

function send(response: ServerResponse, status: number, { contentType, body, headers }: RouteAnswer): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    })
    .end(body);
}
