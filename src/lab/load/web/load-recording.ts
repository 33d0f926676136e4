import type { RequestStats } from '../../run-document.ts';
import type { GeneratorProcessVitals, LoadSample } from '../../timeline/samples.ts';
import type { LoadPlanSummary } from '../load-plan.ts';
import { LoadStatistics } from '../load-statistics.ts';
import type { LoadFigures, LoadMoment, LoadRow, OptionalPercentile } from './stats-answer.ts';

/** Two hours of seconds; older ones are dropped. */
const maxHistory = 7_200;
/** That the health of the generator is judged by. */
const recentSeconds = 10;
/** Over less than this a handful of requests would look like a peak. */
const minRateWindowMs = 500;

/** What one load has shown so far, for the page and for the report. */
export class LoadRecording {
  readonly statistics = new LoadStatistics();
  /** Known once the target was asked what it has. */
  plan: LoadPlanSummary | null = null;
  #history: LoadMoment[] = [];
  /** Of each process, by its pid, the oldest second first. */
  #recentByPid = new Map<number, GeneratorProcessVitals[]>();

  add(sample: LoadSample, atMs: number): void {
    this.statistics.add(sample, atMs);
    for (const vitals of sample.generators ?? []) {
      const recent = this.#recentByPid.get(vitals.pid) ?? [];
      this.#recentByPid.set(vitals.pid, [...recent, vitals].slice(-recentSeconds));
    }
    this.#history.push(momentOf(sample, atMs));
    if (this.#history.length > maxHistory) this.#history.shift();
  }

  /** Forgets everything, for the next load. */
  clear(): void {
    this.statistics.reset();
    this.plan = null;
    this.#history = [];
    this.#recentByPid.clear();
  }

  /** When the last moment of the history ended, or 0. */
  get lastMomentMs(): number {
    return this.#history.at(-1)?.atMs ?? 0;
  }

  /** How each process of the generator fared in the last ten seconds that it told of, by its pid. */
  get generators(): ReadonlyMap<number, readonly GeneratorProcessVitals[]> {
    return this.#recentByPid;
  }

  /** `sinceMs` is the time of the last moment that the caller already has. */
  figures(sinceMs = 0): LoadFigures {
    const { durationMs, byName, total } = this.statistics;
    return {
      durationMs,
      rows: byName.map((stats) => this.#row(stats)),
      total: this.#row(total),
      history: this.#history.filter(({ atMs }) => atMs > sinceMs),
      generatorHealth: this.statistics.generator,
      plan: this.plan,
    };
  }

  #row(stats: RequestStats): LoadRow {
    const { rps, failuresPerS } = this.statistics.current(stats.name);
    const meanResponseBytes = this.statistics.meanResponseBytes(stats.name);
    const latency = this.statistics.latencyOf(stats.name);
    const percentile = (name: OptionalPercentile): number => latency?.quantileMs(Number(name) / 100) ?? 0;
    return {
      ...stats,
      currentRps: rps,
      currentFailuresPerS: failuresPerS,
      meanResponseBytes,
      percentilesMs: {
        66: percentile('66'),
        75: percentile('75'),
        80: percentile('80'),
        90: percentile('90'),
        98: percentile('98'),
        99.9: percentile('99.9'),
      },
    };
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
