import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

/** How long the request with this number, counted from 0, is to wait in milliseconds; undefined never answers it. */
export type DelayOf = (request: number) => number | undefined;

/** An HTTP server that keeps each request waiting as it is told, and knows for how long it really did. */
export class DelayingServer implements AsyncDisposable {
  /** From the arrival of the request's headers to its answer, in milliseconds, in the order of the answers. */
  readonly appliedMs: number[] = [];
  /** Requests that arrived. */
  arrived = 0;
  readonly #delayOf: DelayOf;
  readonly #server = createServer((_request, response) => this.#keepWaiting(response, performance.now()));

  static async start(delayOf: DelayOf): Promise<DelayingServer> {
    const server = new DelayingServer(delayOf);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(delayOf: DelayOf) {
    this.#delayOf = delayOf;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  /** The delay at quantile `q` (0..1), as the load generator counts its ranks. */
  quantileMs(q: number): number {
    const sorted = this.appliedMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #keepWaiting(response: ServerResponse, arrivedMs: number): void {
    const delayMs = this.#delayOf(this.arrived);
    this.arrived += 1;
    if (delayMs === undefined) return;
    const answer = (): void => {
      this.appliedMs.push(performance.now() - arrivedMs);
      response.end('ok');
    };
    if (delayMs === 0) answer();
    else setTimeout(answer, delayMs);
  }
}

/** Asks a server for one page, without MCP. */
export const pageScenario = {
  name: 'page',
  users: 'http',
  wait: '0s',
  tasks: [{ steps: [{ request: 'GET /' }] }],
} as const;
