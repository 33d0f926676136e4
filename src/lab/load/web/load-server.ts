import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { isLoopbackHost } from '../../../shared/loopback.ts';
import { readConsolePage } from '../../console-page.ts';
import { LoadTest } from './load-test.ts';
import type { LoadTestOptions } from './load-test.ts';
import { toLocustStats } from './locust-stats.ts';
import type { LoadStatsAnswer } from './stats-answer.ts';
import { parseSwarmRequest } from './swarm-request.ts';

const loopbackAddress = '127.0.0.1';
const maxBodyBytes = 64 * 1024;
/** The page is one file and talks to nobody but this server. */
const pagePolicy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

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
 * Serves the load test page and the part of Locust's web API that its clients use, on loopback only: a page of
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
  const [pathname = '/', query] = (request.url ?? '/').split('?', 2);
  refuseStrangers(request, pathname);
  switch (`${request.method ?? ''} ${pathname}`) {
    case 'GET /':
      response.setHeader('content-security-policy', pagePolicy);
      return send(response, 200, 'text/html; charset=utf-8', await readConsolePage('load'));
    case 'GET /stats/requests': {
      const sinceMs = Number(new URLSearchParams(query).get('since') ?? 0);
      const stats = toLocustStats(test.statistics, test.state);
      return sendJson(response, 200, { ...stats, gaugeway: test.details(sinceMs) } satisfies LoadStatsAnswer);
    }
    case 'GET /stats/reset':
      test.resetStatistics();
      return send(response, 200, 'text/plain; charset=utf-8', 'ok');
    case 'GET /stop':
      await test.stop();
      return sendJson(response, 200, { success: true, message: 'Test stopped' });
    case 'POST /swarm':
      return swarm(request, response, test);
    default:
      throw new GaugewayError('not_found', `no such page: ${pathname}`);
  }
}

/** Locust answers 200 to a test that cannot start, and says so in the body; its clients rely on it. */
async function swarm(request: IncomingMessage, response: ServerResponse, test: LoadTest): Promise<void> {
  const body = await readBody(request);
  try {
    const { host } = await test.swarm(parseSwarmRequest(request.headers['content-type'] ?? '', body));
    return sendJson(response, 200, { success: true, message: 'Swarming started', host });
  } catch (error) {
    if (!(error instanceof GaugewayError)) throw error;
    return sendJson(response, 200, { success: false, message: error.message });
  }
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
  if (error instanceof GaugewayError) {
    return send(response, error.spec.httpStatus, 'text/plain; charset=utf-8', `${error.message}\n`);
  }
  logger.error('the load page failed', { error: messageOf(error) });
  return send(response, 500, 'text/plain; charset=utf-8', 'internal error\n');
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', JSON.stringify(body));
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(body);
}
