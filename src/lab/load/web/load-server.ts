import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { EventStreams } from './event-streams.ts';
import { Gatekeeper } from './gatekeeper.ts';
import type { Visitor, WebCredentials } from './gatekeeper.ts';
import { LoadTest } from './load-test.ts';
import type { LoadTestOptions } from './load-test.ts';
import { findRoute } from './load-routes.ts';
import { refuseOpenDoor, refuseStrangers } from './own-names.ts';
import type { Reach } from './own-names.ts';
import { redirect } from './route.ts';
import type { LoadSite, RouteAnswer } from './route.ts';

const maxBodyBytes = 64 * 1024;
const compress = promisify(gzip);

export interface LoadServerOptions extends LoadTestOptions {
  /** 0 takes a free one. */
  port: number;
  /** Address to listen on; this machine only when absent. */
  host?: string;
  /** Further names under which it may be asked, as those of a proxy. */
  names?: readonly string[];
  /** Who is let in; everybody when absent, which only a server of this machine alone may do. */
  credentials?: WebCredentials;
  /** Before every path, e.g. `/load`; empty at the root. */
  basePath?: string;
}

export interface LoadServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly test: LoadTest;
  /** Ends the load and the server. */
  close(): Promise<void>;
}

/**
 * Serves the load test page and Locust's web API, on loopback unless told otherwise. Throws GaugewayError `usage` when
 * other machines could reach it and nobody is asked who they are, `unavailable` when the port is taken.
 */
export async function startLoadServer(options: LoadServerOptions): Promise<LoadServer> {
  const { host = '127.0.0.1', names = [], credentials = {}, basePath = '', logger } = options;
  const reach = { host, names };
  const gatekeeper = new Gatekeeper(credentials, `${basePath}/`);
  refuseOpenDoor(reach, credentials);
  const test = new LoadTest(options);
  const site: LoadSite = { test, gatekeeper, streams: new EventStreams(test), basePath };
  const server = createServer((request, response) => {
    route(request, response, site, reach).catch((error: unknown) =>
      sendError(request, response, error, logger),
    );
  });
  server.listen(options.port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const where = `${host}:${options.port}`;
    throw new GaugewayError('unavailable', `the load page cannot listen on ${where}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://${urlHost(host)}:${port}${basePath}`,
    test,
    async close() {
      await test.stop();
      site.streams.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** What others can put into their address bar. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  site: LoadSite,
  reach: Reach,
): Promise<void> {
  const [wholePath = '/', query] = (request.url ?? '/').split('?', 2);
  const { method = '', headers } = request;
  const path = pathWithin(site.basePath, wholePath);
  refuseStrangers(headers, method, path ?? wholePath, reach);
  if (path === undefined) {
    if (wholePath !== site.basePath && wholePath !== '/')
      throw new GaugewayError('not_found', `no such page: ${wholePath}`);
    return send(request, response, redirect(site, '/'));
  }
  const found = findRoute(method, path);
  const visitor = visitorOf(request);
  if (found.isPublic !== true && !site.gatekeeper.admits(visitor)) {
    if (path === '/') return send(request, response, redirect(site, '/login'));
    throw new GaugewayError('unauthorized', 'log in, or send the token as Authorization: Bearer');
  }
  const asked = {
    query: new URLSearchParams(query),
    contentType: headers['content-type'] ?? '',
    visitor,
    readBody: () => readBody(request),
  };
  if ('answer' in found) return send(request, response, await found.answer(site, asked));
  if (method === 'HEAD') return send(request, response, { contentType: 'text/event-stream', body: '' });
  return found.follow(site, asked, response);
}

/** Undefined for a path that is not below the base. */
function pathWithin(basePath: string, path: string): string | undefined {
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : undefined;
}

function visitorOf({ socket, headers }: IncomingMessage): Visitor {
  return { address: socket.remoteAddress ?? '', port: socket.localPort ?? 0, headers };
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

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown, logger: Logger): void {
  if (response.headersSent) return void response.destroy();
  const contentType = 'text/plain; charset=utf-8';
  const known = error instanceof GaugewayError;
  if (!known) logger.error('the load page failed', { error: messageOf(error) });
  const answer: RouteAnswer = {
    status: known ? error.spec.httpStatus : 500,
    contentType,
    body: known ? `${error.message}\n` : 'internal error\n',
    headers:
      known && error.code === 'unauthorized' ? { 'www-authenticate': 'Bearer realm="gaugeway load"' } : {},
  };
  send(request, response, answer).catch((cause: unknown) => {
    logger.error('the load page failed', { error: messageOf(cause) });
    response.destroy();
  });
}

/** Pages are compressed where the reader can take it: they hold all of their scripts. */
async function send(request: IncomingMessage, response: ServerResponse, answer: RouteAnswer): Promise<void> {
  const { status = 200, contentType, headers } = answer;
  const zips =
    contentType.startsWith('text/html') && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const body = zips ? await compress(answer.body) : Buffer.from(answer.body);
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': body.length,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(zips ? { 'content-encoding': 'gzip', vary: 'accept-encoding' } : {}),
      ...headers,
    })
    .end(request.method === 'HEAD' ? undefined : body);
}
