import { nowMs, sleep } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { UpstreamState, UpstreamStates } from './upstream-states.ts';

export interface UpstreamMonitorOptions {
  upstreams: () => { upstream: Upstream; name: string }[];
  states: UpstreamStates;
  /** How long an upstream may be silent before it is asked. */
  checkIntervalMs: number;
  checkTimeoutMs: number;
  logger: Logger;
}

const tickMs = 500;
const firstRetryMs = 1000;

/**
 * Connects upstreams ahead of their first call and asks those that carry no traffic, each on its own, so that
 * one that hangs delays nobody. One that is down is asked again, less and less often.
 */
export class UpstreamMonitor {
  readonly #options: UpstreamMonitorOptions;
  readonly #ended = new AbortController();
  readonly #checking = new Set<string>();
  #loop = Promise.resolve();

  constructor(options: UpstreamMonitorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      for (const { upstream, name } of this.#options.upstreams()) {
        const state = this.#options.states.get(upstream.gatewayId);
        if (this.#checking.has(upstream.gatewayId) || !this.#isDue(state)) continue;
        void this.#check(upstream, name);
      }
      await sleep(tickMs, this.#ended.signal);
    }
  }

  #isDue(state: UpstreamState | undefined): boolean {
    const last = Math.max(state?.lastSeenMs ?? 0, state?.lastCheckMs ?? 0);
    const { checkIntervalMs } = this.#options;
    const retryMs = firstRetryMs * 2 ** Math.max(0, (state?.failedChecks ?? 0) - 1);
    return (
      nowMs() - last >= (state?.reachable === false ? Math.min(retryMs, checkIntervalMs) : checkIntervalMs)
    );
  }

  async #check(upstream: Upstream, name: string): Promise<void> {
    const { checkTimeoutMs, logger, states } = this.#options;
    const wasReachable = states.get(upstream.gatewayId)?.reachable;
    this.#checking.add(upstream.gatewayId);
    try {
      await upstream.discover(AbortSignal.any([AbortSignal.timeout(checkTimeoutMs), this.#ended.signal]));
      if (wasReachable === false) logger.info('upstream answers', { gateway: name });
    } catch (error) {
      const fields = { gateway: name, error: messageOf(error) };
      if (this.#ended.signal.aborted) logger.debug('check of an upstream ended by the shutdown', fields);
      else logger.warn('upstream does not answer', fields);
    } finally {
      this.#checking.delete(upstream.gatewayId);
    }
  }
}
