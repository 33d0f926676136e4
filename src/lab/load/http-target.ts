import { Client, buildConnector } from 'undici';
import { DeadlineList } from './deadline-list.ts';
import { AbortedError, HttpExchange } from './http-exchange.ts';
import { connectionOptionsOf } from './tls-settings.ts';
import type { TlsSettings } from './tls-settings.ts';

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

/** Why there is no answer, as a kind of failure (http-failure.ts). */
export interface HttpFailure {
  failure: string;
  /** When it failed, on the clock of performance.now. */
  endMs: number;
}

export type HttpOutcome = HttpAnswer | HttpFailure;

/**
 * One target over HTTP/1.1 by undici's dispatch, the cheapest way to send a request in Node. Each request in
 * flight has its own connection, kept alive between requests: a client queue would hide the target's delay.
 */
export class HttpTarget {
  readonly #origin: string;
  readonly #connector: buildConnector.connector;
  readonly #deadlines: DeadlineList;
  readonly #connections = new Set<Client>();
  /** The one used last comes first, so that a sinking load lets the others time out. undici's Pool searches all of them. */
  readonly #idle: Client[] = [];
  #destroyed = false;

  constructor(origin: string, timeoutMs: number, tls: TlsSettings = {}) {
    this.#origin = origin;
    this.#connector = buildConnector({ ...connectionOptionsOf(tls), timeout: timeoutMs });
    this.#deadlines = new DeadlineList(timeoutMs);
  }

  /** Never rejects: what goes wrong is a figure of the measurement. */
  send(request: HttpRequest): Promise<HttpOutcome> {
    // undici would send another origin's URL to this one as if it were a proxy.
    if (!request.path.startsWith('/')) return failed('invalid request: not a path of the target');
    if (this.#destroyed) return failed('aborted');
    return new Promise((resolve) => {
      const client = this.#idle.pop() ?? this.#connect();
      const exchange = new HttpExchange(request, resolve, (error) => this.#release(exchange, client, error));
      this.#deadlines.add(exchange);
      const { method, path, headers, body = null } = request;
      client.dispatch({ method, path, headers, body }, exchange);
    });
  }

  /** Drops every connection; requests in flight end with the failure `aborted`. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    await Promise.all([...this.#connections].map((client) => client.destroy(new AbortedError())));
    this.#deadlines.clear();
  }

  #connect(): Client {
    const client = new Client(this.#origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      connect: this.#connector,
    });
    this.#connections.add(client);
    return client;
  }

  #release(exchange: HttpExchange, client: Client, error: Error | undefined): void {
    if (!exchange.isOverdue) this.#deadlines.remove(exchange);
    if (error === undefined) {
      this.#idle.push(client);
      return;
    }
    this.#connections.delete(client);
    // Its connection is gone or never was. undici is still about to tell of the error.
    queueMicrotask(() => void client.destroy());
  }
}

/** After a turn of the event loop: users without a pause that try again at once would let nothing else run. */
function failed(failure: string): Promise<HttpFailure> {
  const endMs = performance.now();
  return new Promise((resolve) => setImmediate(resolve, { failure, endMs }));
}
