import type { RequestStats } from '../../run-document.ts';
import type { GeneratorProcessVitals, GeneratorVitals, LoadSample } from '../../timeline/samples.ts';
import type { LoadPlanSummary } from '../load-plan.ts';
import { LoadStatistics } from '../load-statistics.ts';
import type { LoadFigures, LoadMoment, LoadRow } from './stats-answer.ts';

/** Two hours of seconds; older ones are dropped. */
const maxHistory = 7_200;
/** Over less than this a handful of requests would look like a peak. */
const minRateWindowMs = 500;

/** What one load has shown so far, for the page and for the report. */
export class LoadRecording {
  readonly statistics = new LoadStatistics();
  /** Known once the target was asked what it has. */
  plan: LoadPlanSummary | null = null;
  #history: LoadMoment[] = [];
  #generator: GeneratorVitals | null = null;
  #generators: readonly GeneratorProcessVitals[] = [];

  add(sample: LoadSample, atMs: number): void {
    this.statistics.add(sample, atMs);
    this.#generator = sample.generator;
    this.#generators = sample.generators ?? [];
    this.#history.push(momentOf(sample, atMs));
    if (this.#history.length > maxHistory) this.#history.shift();
  }

  /** Forgets everything, for the next load. */
  clear(): void {
    this.statistics.reset();
    this.plan = null;
    this.#history = [];
    this.#generators = [];
  }

  /** Each process of the generator, as it fared in the last second that it told of. */
  get generators(): readonly GeneratorProcessVitals[] {
    return this.#generators;
  }

  /** `sinceMs` is the time of the last moment that the caller already has. */
  figures(sinceMs = 0): LoadFigures {
    const { durationMs, byName, total } = this.statistics;
    return {
      durationMs,
      rows: byName.map((stats) => this.#row(stats)),
      total: this.#row(total),
      history: this.#history.filter(({ atMs }) => atMs > sinceMs),
      generator: this.#generator,
      generatorHealth: this.statistics.generator,
      plan: this.plan,
    };
  }

  #row(stats: RequestStats): LoadRow {
    const { rps, failuresPerS } = this.statistics.current(stats.name);
    const meanResponseBytes = this.statistics.meanResponseBytes(stats.name);
    return { ...stats, currentRps: rps, currentFailuresPerS: failuresPerS, meanResponseBytes };
  }
}

function momentOf(sample: LoadSample, atMs: number): LoadMoment {
  const second = new LoadStatistics();
  second.add(sample, atMs);
  const { requests, rps, p50Ms, p95Ms, p99Ms } = second.total;
  const { failuresPerS } = second.current();
  const rates = sample.windowMs < minRateWindowMs ? { rps: null, failuresPerS: null } : { rps, failuresPerS };
  const percentiles = requests === 0 ? { p50Ms: null, p95Ms: null, p99Ms: null } : { p50Ms, p95Ms, p99Ms };
  return { atMs, users: sample.users, ...rates, ...percentiles };
}
