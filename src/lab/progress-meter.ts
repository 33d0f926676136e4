import { nowMs } from '../shared/clock.ts';
import { LoadStatistics } from './load/load-statistics.ts';
import type { PhaseName } from './timeline/events.ts';
import type { ObservedLoad } from './timeline/samples.ts';

/** Where a run is, told once a second. */
export interface RunProgress {
  phase: PhaseName;
  /** Undefined where the end is not known. */
  remainingMs: number | undefined;
  users: number;
  rps: number;
  /** Null while nothing finished in the last seconds. */
  p95Ms: number | null;
  failures: number;
}

/** Folds the load's samples into what a person wants to see each second, from its making until `stop`. */
export class ProgressMeter {
  readonly #tell: ((progress: RunProgress) => void) | undefined;
  readonly #load = new LoadStatistics();
  readonly #ticker = setInterval(() => this.#tick(), 1000);
  #phase: PhaseName = 'baseline';
  #endMs: number | undefined;

  constructor(tell: ((progress: RunProgress) => void) | undefined) {
    this.#tell = tell;
  }

  enter(phase: PhaseName, remainingMs: number | undefined): void {
    this.#phase = phase;
    this.#endMs = remainingMs === undefined ? undefined : nowMs() + remainingMs;
    this.#tick();
  }

  load(sample: ObservedLoad, atMs: number): void {
    this.#load.add(sample, atMs);
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  #tick(): void {
    const { failures } = this.#load.total;
    const { rps, p95Ms } = this.#load.current();
    this.#tell?.({
      phase: this.#phase,
      remainingMs: this.#endMs === undefined ? undefined : Math.max(0, this.#endMs - nowMs()),
      users: this.#load.users,
      rps,
      p95Ms,
      failures,
    });
  }
}
