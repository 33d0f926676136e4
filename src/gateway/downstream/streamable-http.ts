import type { IncomingMessage, ServerResponse } from 'node:http';
import { messageEvent } from '../../protocol/event-stream.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { createPipeline } from '../pipeline.ts';
import type { Exchange, PipelinePorts } from '../pipeline.ts';
import type { Cancellation } from '../upstream/upstream.ts';
import { readBody } from './body-reader.ts';

export interface McpHandlerDeps extends PipelinePorts {
  /** Largest request body, in bytes. */
  maxBodyBytes: number;
}

/** Serves one MCP endpoint request; `scopeId` is the virtual server's id, or `allToolsScope` for `/mcp`. */
export interface McpHandler {
  (req: IncomingMessage, res: ServerResponse, scopeId: string): void;
  /** Requests that are being served now. */
  inFlight(): number;
}

/** MCP Streamable HTTP on plain node:http, both eras at one endpoint. */
export function createMcpHandler(deps: McpHandlerDeps): McpHandler {
  const serve = createPipeline(deps);
  let inFlight = 0;
  const served = (): void => {
    inFlight -= 1;
  };
  const handler = (req: IncomingMessage, res: ServerResponse, scopeId: string): void => {
    inFlight += 1;
    const exchange = new HttpExchange(req, res, scopeId, deps.maxBodyBytes);
    serve(exchange).then(served, (error: unknown) => {
      deps.logger.error('an answer could not be written', { error: messageOf(error) });
      res.destroy();
      served();
    });
  };
  return Object.assign(handler, { inFlight: () => inFlight });
}

class HttpExchange implements Exchange {
  readonly scopeId: string;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #maxBodyBytes: number;

  constructor(req: IncomingMessage, res: ServerResponse, scopeId: string, maxBodyBytes: number) {
    this.#req = req;
    this.#res = res;
    this.scopeId = scopeId;
    this.#maxBodyBytes = maxBodyBytes;
  }

  get httpMethod(): string {
    return this.#req.method ?? '';
  }

  get headers(): IncomingMessage['headers'] {
    return this.#req.headers;
  }

  get acceptsEvents(): boolean {
    return accepts(this.#req.headers.accept, 'text/event-stream', 'text/*');
  }

  readBody(): Promise<string> {
    if (!this.acceptsEvents && !this.#acceptsJson) {
      return Promise.reject(
        new GaugewayError('not_acceptable', 'Accept must allow application/json or text/event-stream'),
      );
    }
    return readBody(this.#req, this.#maxBodyBytes);
  }

  get gone(): Cancellation {
    return new ClientGone(this.#res);
  }

  event(messageJson: string): void | Promise<void> {
    const res = this.#res;
    if (res.destroyed) return undefined;
    if (!res.headersSent) {
      res.writeHead(200, eventStreamHeaders);
    }
    if (res.write(messageEvent(messageJson))) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        res.off('drain', done);
        res.off('close', done);
        resolve();
      };
      res.once('drain', done);
      res.once('close', done);
    });
  }

  reply(status: number, json: string, sessionId?: string): void {
    const res = this.#res;
    if (res.headersSent) {
      res.end(messageEvent(json));
      return;
    }
    if (status === 200 && !this.#acceptsJson) {
      const session = sessionId === undefined ? [] : ['Mcp-Session-Id', sessionId];
      res.writeHead(200, [...eventStreamHeaders, ...session]);
      res.end(messageEvent(json));
      return;
    }
    const bytes = Buffer.byteLength(json);
    const headers = ['Content-Type', 'application/json', 'Content-Length', String(bytes)];
    if (sessionId !== undefined) headers.push('Mcp-Session-Id', sessionId);
    if (status >= 400) headers.push(...this.#refusalHeaders(status));
    res.writeHead(status, headers);
    // As many bytes as characters is ASCII, which goes out without being transcoded.
    res.end(json, bytes === json.length ? 'latin1' : 'utf8');
  }

  replyEmpty(status: number): void {
    this.#res.writeHead(status, ['Content-Length', '0']);
    this.#res.end();
  }

  get #acceptsJson(): boolean {
    return accepts(this.#req.headers.accept, 'application/json', 'application/*');
  }

  /** A body that was not read to its end must not be taken for the next request. */
  #refusalHeaders(status: number): string[] {
    const close = this.#req.complete ? [] : ['Connection', 'close'];
    if (status === 401) return [...close, 'WWW-Authenticate', 'Bearer realm="gaugeway"'];
    return status === 405 ? [...close, 'Allow', 'POST, DELETE'] : close;
  }
}

/** Fires when the connection closes before the answer is complete. It has one listener at a time. */
class ClientGone implements Cancellation {
  readonly #res: ServerResponse;
  #listener: (() => void) | undefined;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  get aborted(): boolean {
    return this.#res.destroyed && !this.#res.writableFinished;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listener = listener;
    this.#res.once('close', this.#onClose);
  }

  removeEventListener(): void {
    this.#res.off('close', this.#onClose);
  }

  readonly #onClose = (): void => {
    if (this.aborted) this.#listener?.();
  };
}

const eventStreamHeaders = [
  'Content-Type',
  'text/event-stream',
  'Cache-Control',
  'no-cache, no-transform',
  'X-Accel-Buffering',
  'no',
];

/** Whether an Accept header takes a media type; absent, it takes anything (RFC 9110, 12.5.1). */
function accepts(header: string | undefined, type: string, range: string): boolean {
  if (header === undefined) return true;
  return header.includes(type) || header.includes('*/*') || header.includes(range);
}
