import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { mcpScopeOf } from './mcp-endpoints.ts';
import type { MetricsRegistry } from './metrics/metrics-registry.ts';

export interface HttpListenerOptions {
  host: string;
  port: number;
  /** Takes requests of MCP endpoints, with the scope they name. */
  mcp: (req: IncomingMessage, res: ServerResponse, scopeId: string) => void;
  /** Takes all others. */
  control: (req: IncomingMessage, res: ServerResponse) => void;
  registry: MetricsRegistry;
}

/** The HTTP server, listening. */
export interface HttpListener {
  /** With the port that was really bound. */
  readonly url: string;
  /** Stops accepting, waits at most `timeoutMs` for the answers that are due, then drops every connection. */
  close(timeoutMs: number): Promise<void>;
}

/** Longer than the usual 60 s of a load balancer, which must be the one to let go of an idle connection. */
const keepAliveTimeoutMs = 72_000;

/** One HTTP server for both planes. Throws GaugewayError usage when the address cannot be had. */
export async function listenHttp(options: HttpListenerOptions): Promise<HttpListener> {
  const { host, port, mcp, control, registry } = options;
  let inFlight = 0;
  let closing = false;
  registry.read('httpInFlight', () => inFlight);

  const countMcp = createAnswerCounter(registry, 'mcp');
  const countControl = createAnswerCounter(registry, 'control');

  const server = createServer({ keepAliveTimeout: keepAliveTimeoutMs }, (req, res) => {
    const scopeId = mcpScopeOf(req.url ?? '/');
    inFlight += 1;
    if (closing) res.shouldKeepAlive = false;
    res.once('close', () => {
      inFlight -= 1;
      (scopeId === undefined ? countControl : countMcp)(res);
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
    if (scopeId === undefined) control(req, res);
    else mcp(req, res, scopeId);
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const message = `cannot listen at ${host}:${port}: ${messageOf(error)}`;
      reject(new GaugewayError('usage', message, { cause: error }));
    });
    server.listen(port, host, resolve);
  });

  return {
    url: urlOf(host, server.address()),
    async close(timeoutMs) {
      closing = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      const deadline = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearTimeout(deadline);
    },
  };
}

/** Counts answers as `2xx` to `5xx`, or `aborted` when the client went away before the answer was complete. */
function createAnswerCounter(registry: MetricsRegistry, endpoint: string): (res: ServerResponse) => void {
  const classes = ['aborted', '1xx', '2xx', '3xx', '4xx', '5xx'];
  const counters = classes.map((status) => registry.counter('httpRequests', endpoint, status));
  return (res) => {
    const counter = counters[res.writableFinished ? Math.floor(res.statusCode / 100) : 0];
    if (counter !== undefined) counter.value += 1;
  };
}

function urlOf(host: string, address: ReturnType<ReturnType<typeof createServer>['address']>): string {
  const port = typeof address === 'object' && address !== null ? address.port : '';
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
