import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { SseReader } from './sse-reader.ts';

/** Answers beyond this are cut off and count as a failure, so that a target cannot fill the generator's memory. */
const maxAnswerBytes = 16 * 1024 * 1024;
/** Below the 5 s after which Node servers close idle sockets, so that a request does not meet a closing one. */
const keepAliveMs = 4_000;

export interface HttpRequest {
  /** Any HTTP method, in upper case. */
  method: string;
  /** Path and query on the target's origin; requests go nowhere else. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Keeps the headers of the answer. */
  wantsHeaders?: boolean;
  /** Keeps the body of the answer; otherwise it is only counted. */
  wantsBody?: boolean;
  /** For an event stream: whether this event is the answer that the request waits for. */
  isAnswer?: (data: string) => boolean;
}

export interface HttpAnswer {
  status: number;
  contentType: string;
  sessionId: string | undefined;
  /** By lower-case name, several of one name joined by `, `; empty unless they were asked for. */
  headers: Readonly<Record<string, string>>;
  /** Null unless it was asked for. Of an event stream the data of the event that answered, or null when it ended without one. */
  body: string | null;
  bytes: number;
  /** When the answer was complete, on the clock of performance.now. */
  endMs: number;
}

/** Why there is no answer, as a kind of failure: `timeout`, `connect ECONNREFUSED`, `connection closed`, … */
export interface HttpFailure {
  failure: string;
  /** When it failed, on the clock of performance.now. */
  endMs: number;
}

/**
 * One target over HTTP/1.1 by undici's dispatch, the cheapest way to send a request in Node. Each request in
 * flight has its own connection, kept alive between requests: a client queue would hide the target's delay.
 */
export class HttpTarget {
  readonly #pool: Pool;
  readonly #timeoutMs: number;

  constructor(origin: string, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connect: { timeout: timeoutMs },
    });
  }

  /** Never rejects: what goes wrong is a figure of the measurement. */
  send(request: HttpRequest): Promise<HttpAnswer | HttpFailure> {
    const { method, path, headers } = request;
    // undici would send another origin's URL to this one as if it were a proxy.
    if (!path.startsWith('/')) {
      return Promise.resolve({
        failure: 'invalid request: not a path of the target',
        endMs: performance.now(),
      });
    }
    return new Promise((resolve) => {
      const exchange = new Exchange(request, this.#timeoutMs, resolve);
      this.#pool.dispatch({ method, path, headers, body: request.body ?? null }, exchange);
    });
  }

  /** Drops every connection; requests in flight end with the failure `aborted`. */
  async destroy(): Promise<void> {
    await this.#pool.destroy(new AbortedError());
  }
}

class AbortedError extends Error {
  readonly code = 'ABORTED';
}

type Headers = Record<string, string | string[] | undefined>;
const noHeaders: Readonly<Record<string, string>> = {};

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #timer: NodeJS.Timeout;
  #resolve: ((outcome: HttpAnswer | HttpFailure) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #cancelled = false;
  #sse: SseReader | undefined;
  #status = 0;
  #contentType = '';
  #sessionId: string | undefined;
  #headers = noHeaders;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(request: HttpRequest, timeoutMs: number, resolve: (outcome: HttpAnswer | HttpFailure) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#cancel('timeout'), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) controller.abort(new AbortedError());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#contentType = single(headers['content-type'])?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    this.#sessionId = single(headers['mcp-session-id']);
    if (this.#request.wantsHeaders === true) this.#headers = joined(headers);
    const { isAnswer } = this.#request;
    if (isAnswer !== undefined && this.#contentType === 'text/event-stream' && status < 300) {
      this.#sse = new SseReader((data) => {
        if (isAnswer(data)) this.#settle(this.#answer(data));
      });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxAnswerBytes) this.#cancel('answer too large');
    else if (this.#sse !== undefined) this.#sse.push(chunk);
    else if (this.#request.wantsBody === true) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    this.#settle(this.#answer(this.#sse === undefined ? this.#body() : null));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#timer);
    this.#fail(failureOf(error, this.#controller !== undefined));
  }

  #body(): string | null {
    if (this.#request.wantsBody !== true) return null;
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    return body.toString('utf8');
  }

  #answer(body: string | null): HttpAnswer {
    return {
      status: this.#status,
      contentType: this.#contentType,
      sessionId: this.#sessionId,
      headers: this.#headers,
      body,
      bytes: this.#bytes,
      endMs: performance.now(),
    };
  }

  /** A stream that goes on after its answer keeps its timer and is cut when that fires. */
  #settle(outcome: HttpAnswer | HttpFailure): void {
    this.#resolve?.(outcome);
    this.#resolve = undefined;
  }

  #fail(failure: string): void {
    this.#settle({ failure, endMs: performance.now() });
  }

  #cancel(failure: string): void {
    clearTimeout(this.#timer);
    this.#cancelled = true;
    this.#fail(failure);
    this.#controller?.abort(new AbortedError());
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function joined(headers: Headers): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(headers)) {
    record[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return record;
}

/**
 * undici's and the system's error codes as kinds of failure; `sent` tells a lost
 * connection from one never made; `aborted` is what was cut off on this side.
 */
export function failureOf(error: Error, sent: boolean): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (['ABORTED', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED'].includes(code)) return 'aborted';
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  if (code === 'UND_ERR_SOCKET') return 'connection closed';
  if (code === 'UND_ERR_INVALID_ARG') return `invalid request: ${error.message}`;
  if (code.startsWith('HPE_') || code.startsWith('UND_ERR_')) return `malformed http ${code}`;
  return `${sent ? 'connection' : 'connect'} ${code}`;
}
