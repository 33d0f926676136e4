import { nowMs } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { LoadSample } from '../timeline/samples.ts';
import type { CountedException } from './exception-counter.ts';
import { startGenerator } from './generator-process.ts';
import type { GeneratorProcess } from './generator-process.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import type { GeneratorReport } from './messages.ts';
import type { Preparation } from './preparation.ts';
import { SampleMerger } from './sample-merger.ts';

/** Arrivals begin this long after all users are there, so that every process has heard of it by then. */
const arrivalLeadMs = 20;

export interface LoadOptions {
  /** Once a second; `atMs` is the end of the sample's window on the run's clock. */
  onSample(sample: LoadSample, atMs: number): void;
  /** Each time that every user asked for is running: after the ramp, and after each change. */
  onRamped?(): void;
  /** What the code of a scenario's module threw, once a second for each message; the users that ran it go on. */
  onException?(exception: CountedException): void;
  logger: Logger;
  /** Ends the load at once, without waiting for requests in flight. */
  signal?: AbortSignal;
}

/** A load that runs in its own processes. */
export interface LoadHandle {
  readonly pids: readonly number[];
  /** What will be asked of the target, and what is left out; rejects when the target cannot be listed. */
  readonly planned: Promise<LoadPlanSummary>;
  /** Resolves when every user of the plan is running; rejects when the load ends before that. */
  readonly ramped: Promise<void>;
  /** Resolves when the generator has ended as asked (or all iterations are done); rejects when it failed. */
  readonly finished: Promise<void>;
  /** Grows or shrinks the number of users while the load runs. */
  setUsers(users: number, spawnRate: number): void;
  /** Ends every user; requests in flight may finish within `graceMs` (the plan's stop timeout). Resolves when all processes are gone. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts the load generator in processes of its own, as many as the plan says, so that it neither slows the lab nor is
 * slowed by it. They die with this one. Samples, one a second for all of them, stop with `finished`. When one of them
 * dies the others are stopped, and `finished` rejects with the reason.
 */
export function startLoad(plan: LoadPlan, options: LoadOptions): LoadHandle {
  return new RunningLoad(plan, options);
}

class RunningLoad implements LoadHandle {
  readonly #plan: LoadPlan;
  readonly #options: LoadOptions;
  readonly #generators: GeneratorProcess[] = [];
  readonly #ready = new Set<number>();
  readonly #ended = new Set<number>();
  /** Those whose users are there as the last change asked. */
  readonly #rampedIn = new Set<number>();
  readonly #planned = Promise.withResolvers<LoadPlanSummary>();
  readonly #ramped = Promise.withResolvers<void>();
  readonly #finished = Promise.withResolvers<void>();
  readonly #merger: SampleMerger;
  #wanted: { users: number; spawnRate: number };
  #changes = 0;
  #preparation: Preparation | undefined;
  #begun = false;
  #failure: unknown;

  constructor(plan: LoadPlan, options: LoadOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#wanted = { users: plan.users, spawnRate: plan.spawnRate };
    this.#merger = new SampleMerger(plan.processes, (sample, atMs) => options.onSample(sample, atMs));
    // The failure is told by each of the three; a caller that awaits only one of them must not crash on the others.
    for (const promise of [this.planned, this.ramped, this.finished]) promise.catch(() => undefined);
    try {
      for (let index = 0; index < plan.processes; index += 1) this.#start(index);
    } catch (error) {
      void this.stop(0);
      throw error;
    }
    this.#generators[0]?.send({ type: 'prepare' });
    this.#tellWhenAlone();
    if (options.signal?.aborted === true) this.#abort();
    else options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get pids(): readonly number[] {
    return this.#generators.map(({ pid }) => pid);
  }

  get planned(): Promise<LoadPlanSummary> {
    return this.#planned.promise;
  }

  get ramped(): Promise<void> {
    return this.#ramped.promise;
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  setUsers(users: number, spawnRate: number): void {
    this.#wanted = { users, spawnRate };
    if (!this.#begun) return;
    this.#changes += 1;
    this.#rampedIn.clear();
    for (const generator of this.#generators) {
      generator.send({ type: 'users', change: this.#changes, users, spawnRate });
    }
  }

  async stop(graceMs = this.#plan.stopTimeoutMs): Promise<void> {
    for (const generator of this.#generators) generator.stop(graceMs);
    await Promise.allSettled(this.#generators.map(({ finished }) => finished));
  }

  readonly #abort = (): void => void this.stop(0);

  #start(index: number): void {
    const share = { index, processes: this.#plan.processes };
    const generator = startGenerator(this.#plan, share, (report) => this.#onReport(index, report));
    this.#generators.push(generator);
    generator.finished.then(
      () => this.#onEnd(index),
      (error: unknown) => {
        this.#options.logger.debug('a load generator failed', {
          pid: generator.pid,
          error: messageOf(error),
        });
        this.#failure ??= error;
        this.#onEnd(index);
        void this.stop();
      },
    );
  }

  #onReport(index: number, report: GeneratorReport): void {
    switch (report.type) {
      case 'ready':
        this.#ready.add(index);
        return this.#beginWhenReady();
      case 'prepared':
        this.#preparation = report.preparation;
        this.#planned.resolve(report.preparation.summary);
        return this.#beginWhenReady();
      case 'ramped':
        if (report.change === this.#changes) this.#rampedIn.add(index);
        return this.#tellWhenRamped();
      case 'sample':
        return this.#merger.add(index, report);
      case 'exceptions':
        for (const exception of report.exceptions) this.#options.onException?.(exception);
        return;
      case 'warning':
        return this.#options.logger.warn(report.message);
      case 'tearing-down':
      case 'finished':
      case 'failed':
        return;
    }
  }

  #beginWhenReady(): void {
    const preparation = this.#preparation;
    if (this.#begun || preparation === undefined || this.#ready.size < this.#plan.processes) return;
    this.#begun = true;
    const atMs = nowMs();
    this.#merger.begin(atMs);
    for (const generator of this.#generators) {
      generator.send({ type: 'begin', preparation, ...this.#wanted, atMs });
    }
  }

  #tellWhenRamped(): void {
    const isThere = (_: unknown, index: number): boolean =>
      this.#rampedIn.has(index) || this.#ended.has(index);
    if (!this.#generators.every(isThere)) return;
    const atMs = nowMs() + arrivalLeadMs;
    for (const generator of this.#generators) generator.send({ type: 'all-ramped', atMs });
    this.#ramped.resolve();
    this.#options.onRamped?.();
  }

  #tellWhenAlone(): void {
    const [first, ...others] = this.#generators;
    if (others.every((_, index) => this.#ended.has(index + 1))) first?.send({ type: 'others-ended' });
  }

  #onEnd(index: number): void {
    this.#ended.add(index);
    this.#merger.end(index);
    this.#tellWhenAlone();
    if (this.#ended.size < this.#plan.processes) return;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    const tooEarly = this.#failure ?? new GaugewayError('interrupted', 'the load was stopped');
    this.#planned.reject(tooEarly);
    this.#ramped.reject(tooEarly);
    if (this.#failure === undefined) this.#finished.resolve();
    else this.#finished.reject(this.#failure);
  }
}
