import { nowMs } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { MetricsRegistry } from '../metrics/metrics-registry.ts';
import type {
  Cancellation,
  Upstream,
  UpstreamAnswer,
  UpstreamDiscovery,
  UpstreamRequest,
} from '../upstream/upstream.ts';

/** What this replica last saw of an upstream. */
export interface UpstreamState {
  reachable: boolean;
  lastError: string | null;
  /** When it last answered; undefined before it ever did. */
  lastSeenMs: number | undefined;
  /** Checks in a row that it did not answer. */
  failedChecks: number;
  lastCheckMs: number | undefined;
}

/** States of all upstreams, by the id of their gateway, from the calls and checks that pass through. */
export class UpstreamStates {
  readonly #states = new Map<string, UpstreamState & { name: string }>();
  readonly #registry: MetricsRegistry;

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
  }

  get(gatewayId: string): Readonly<UpstreamState> | undefined {
    return this.#states.get(gatewayId);
  }

  /** Its metrics go with it, unless another upstream of the same name has taken them over. */
  remove(gatewayId: string): void {
    const name = this.#states.get(gatewayId)?.name;
    this.#states.delete(gatewayId);
    if (name === undefined || [...this.#states.values()].some((state) => state.name === name)) return;
    this.#registry.forget(name, 'clientOperation', 'upstreamErrors');
  }

  /** The same upstream, its answers and failures counted. `name` labels the metrics. */
  observe(upstream: Upstream, name: string): Upstream {
    const state: UpstreamState & { name: string } = {
      name,
      reachable: false,
      lastError: null,
      lastSeenMs: undefined,
      failedChecks: 0,
      lastCheckMs: undefined,
    };
    this.#states.set(upstream.gatewayId, state);

    const answered = (): void => {
      state.reachable = true;
      state.lastError = null;
      state.lastSeenMs = nowMs();
      state.failedChecks = 0;
    };
    const failed = (error: unknown, isCheck: boolean): void => {
      const code = error instanceof GaugewayError ? error.code : 'internal';
      if (!code.startsWith('upstream_')) return;
      if (this.#states.get(upstream.gatewayId) !== state) return;
      this.#registry.counter('upstreamErrors', name, code).value += 1;
      state.lastError = messageOf(error);
      // One slow tool does not make a server unreachable; a check that gets no answer does.
      if (isCheck || code === 'upstream_unreachable') state.reachable = false;
    };

    return {
      gatewayId: upstream.gatewayId,
      async discover(signal: AbortSignal): Promise<UpstreamDiscovery> {
        state.lastCheckMs = nowMs();
        try {
          const discovery = await orAborted(upstream.discover(signal), signal);
          answered();
          return discovery;
        } catch (cause) {
          const message = `upstream ${name} did not answer in time`;
          const error = signal.aborted ? new GaugewayError('upstream_timeout', message, { cause }) : cause;
          state.failedChecks += 1;
          failed(error, true);
          throw error;
        }
      },
      call(request: UpstreamRequest, signal?: Cancellation): Promise<UpstreamAnswer> {
        return upstream.call(request, signal).then(
          (answer) => {
            answered();
            return answer;
          },
          (error: unknown) => {
            // A client that went away says nothing about the upstream.
            if (signal?.aborted !== true) failed(error, false);
            throw error;
          },
        );
      },
      close: () => upstream.close(),
    };
  }
}

/** Rejects when `signal` fires, also while the work itself cannot be interrupted. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => reject(new Error('aborted', { cause: signal.reason }));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  return Promise.race([work, aborted]);
}
