import { nowMs, sleep } from '../shared/clock.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Collector, CollectorSink } from './collect/collector.ts';
import { RefusedError } from './collect/refused-error.ts';
import type { PhaseName } from './timeline/events.ts';

const tickMs = 1000;
/** A source that has not answered by then is a gap; it is left alone until it does. */
const sampleTimeoutMs = 5000;
const openTimeoutMs = 15_000;
const closeTimeoutMs = 5000;

/** A source that cannot be opened is tried again, at first soon and then seldom, as a lost connection is. */
const firstRetryMs = 1000;
const maxRetryMs = 15_000;

interface Slot {
  collector: Collector;
  opened: boolean;
  busy: boolean;
  /** When it is sampled next, or opened again. */
  dueMs: number;
  failedOpenings: number;
}

/**
 * Runs the collectors of a session on one clock: a tick each second, every collector in a slot of its own, so
 * that a slow source delays nobody. What fails is recorded as a gap and never ends the run.
 */
export class Sampling {
  readonly #slots: Slot[];
  readonly #sink: CollectorSink;
  readonly #logger: Logger;
  readonly #stopped = new AbortController();
  #ticking: Promise<void> | undefined;
  #phase: PhaseName | undefined;

  constructor(collectors: Collector[], sink: CollectorSink, logger: Logger) {
    this.#slots = collectors.map(newSlot);
    this.#sink = sink;
    this.#logger = logger;
  }

  /**
   * Opens every source at once. Returns those that could not be read, with the reason; those among them that may be
   * read later are tried again while the run goes on.
   */
  async open(signal: AbortSignal): Promise<{ collector: Collector; error: unknown }[]> {
    const failures: { collector: Collector; error: unknown }[] = [];
    await Promise.all(
      this.#slots.map(async (slot) => {
        const failure = await this.#open(slot, signal);
        if (failure !== undefined) failures.push({ collector: slot.collector, error: failure.error });
      }),
    );
    return failures;
  }

  /** Sources that come while the run goes on: they are opened with the next tick, and told the phase that it is in. */
  add(collectors: readonly Collector[]): void {
    this.#slots.push(...collectors.map(newSlot));
  }

  start(): void {
    this.#ticking = this.#tickUntilStopped();
  }

  async enterPhase(phase: PhaseName): Promise<void> {
    this.#phase = phase;
    await this.#each((collector) => collector.enterPhase?.(phase, this.#sink));
  }

  /** Ends the ticks, then gives every collector its last look. */
  async finish(): Promise<void> {
    this.#stopped.abort();
    await this.#ticking;
    await this.#each((collector) => collector.finish?.(this.#sink));
  }

  /** Leaves every target as it was found; bounded, so that a hung source cannot keep the session. */
  async close(): Promise<void> {
    this.#stopped.abort();
    await this.#ticking;
    await Promise.all(
      this.#slots.map(async ({ collector }) => {
        try {
          const closed = collector.close().then(() => true);
          if (!(await Promise.race([closed, sleep(closeTimeoutMs).then(() => false)]))) {
            this.#logger.warn('a source did not close in time', {
              source: collector.source,
              target: collector.target,
            });
          }
        } catch (error) {
          this.#logger.warn('a source could not be closed', {
            source: collector.source,
            target: collector.target,
            error: messageOf(error),
          });
        }
      }),
    );
  }

  async #tickUntilStopped(): Promise<void> {
    const { signal } = this.#stopped;
    for (let next = nowMs(); !signal.aborted; next = Math.max(next + tickMs, nowMs())) {
      await sleep(Math.max(0, next - nowMs()), signal);
      if (signal.aborted) return;
      for (const slot of this.#slots) {
        if (slot.busy || slot.dueMs > nowMs() + tickMs / 10) continue;
        void (slot.opened ? this.#sample(slot) : this.#reopen(slot));
      }
    }
  }

  /** Undefined when it is open. A failure is a gap; what is hopeless is not due again. */
  async #open(slot: Slot, signal: AbortSignal): Promise<{ error: unknown } | undefined> {
    const { collector } = slot;
    try {
      await collector.open(AbortSignal.any([signal, AbortSignal.timeout(openTimeoutMs)]));
      slot.opened = true;
      slot.dueMs = 0;
      return undefined;
    } catch (error) {
      const hopeless = error instanceof GaugewayError && !error.spec.retryable;
      const waitMs =
        error instanceof RefusedError
          ? error.retryAfterMs
          : Math.min(maxRetryMs, firstRetryMs * 2 ** slot.failedOpenings);
      slot.failedOpenings += 1;
      slot.dueMs = hopeless ? Infinity : nowMs() + waitMs;
      if (!this.#stopped.signal.aborted) this.#sink.gap(collector.source, collector.target, error);
      return { error };
    }
  }

  async #reopen(slot: Slot): Promise<void> {
    slot.busy = true;
    try {
      if ((await this.#open(slot, this.#stopped.signal)) === undefined && this.#phase !== undefined) {
        await slot.collector.enterPhase?.(this.#phase, this.#sink);
      }
    } catch (error) {
      this.#sink.gap(slot.collector.source, slot.collector.target, error);
    } finally {
      slot.busy = false;
    }
  }

  async #sample(slot: Slot): Promise<void> {
    const { collector } = slot;
    if (collector.sample === undefined) return;
    slot.busy = true;
    slot.dueMs = nowMs() + collector.everyMs;
    const late = setTimeout(() => {
      this.#sink.gap(collector.source, collector.target, `no answer within ${sampleTimeoutMs / 1000} s`);
    }, sampleTimeoutMs);
    try {
      await collector.sample(this.#sink);
    } catch (error) {
      this.#sink.gap(collector.source, collector.target, error);
    } finally {
      clearTimeout(late);
      slot.busy = false;
    }
  }

  async #each(act: (collector: Collector) => Promise<void> | undefined): Promise<void> {
    await Promise.all(
      this.#slots
        .filter(({ opened }) => opened)
        .map(async ({ collector }) => {
          try {
            await act(collector);
          } catch (error) {
            this.#sink.gap(collector.source, collector.target, error);
          }
        }),
    );
  }
}

function newSlot(collector: Collector): Slot {
  return { collector, opened: false, busy: false, dueMs: 0, failedOpenings: 0 };
}
