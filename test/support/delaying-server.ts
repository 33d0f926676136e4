import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep } from '../../src/shared/clock.ts';
import { LoopbackServer } from './loopback-server.ts';

/** How long the request with this number, counted from 0, is to wait in milliseconds; undefined never answers it. */
export type DelayOf = (request: number) => number | undefined;

/** An HTTP server that keeps each request waiting as it is told, and knows for how long it really did. */
export class DelayingServer extends LoopbackServer {
  /** From the arrival of the request's headers to its answer, in milliseconds, in the order of the answers. */
  readonly appliedMs: number[] = [];
  /** Requests that arrived. */
  arrived = 0;
  readonly #delayOf: DelayOf;

  static start(delayOf: DelayOf): Promise<DelayingServer> {
    return new DelayingServer(delayOf).listen();
  }

  private constructor(delayOf: DelayOf) {
    super();
    this.#delayOf = delayOf;
  }

  /** The delay at quantile `q` (0..1), as the load generator counts its ranks. */
  quantileMs(q: number): number {
    const sorted = this.appliedMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(q * (sorted.length - 1))] ?? Number.NaN;
  }

  protected async answer(_request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedMs = performance.now();
    const delayMs = this.#delayOf(this.arrived);
    this.arrived += 1;
    if (delayMs === undefined) return;
    if (delayMs > 0) await sleep(delayMs);
    this.appliedMs.push(performance.now() - arrivedMs);
    response.end('ok');
  }
}

/** Asks a server for one page, without MCP. */
export const pageScenario = {
  name: 'page',
  users: 'http',
  wait: '0s',
  tasks: [{ steps: [{ request: 'GET /' }] }],
} as const;
