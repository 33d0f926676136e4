import type { GeneratorVitals } from '../../timeline/samples.ts';
import type { RequestStats, RunDocument } from '../../run-document.ts';
import type { LoadPlanSummary } from '../load-plan.ts';
import type { LocustException } from './locust-answers.ts';
import type { LocustStats } from './locust-stats.ts';

/** `GET /stats/requests`: what Locust's clients read, and our own figures beside it. */
export type LoadStatsAnswer = LocustStats & { gaugeway: LoadTestDetails };

/** What the page shows beyond Locust's figures: exact percentiles, history, and what the generator says of itself. */
export interface LoadTestDetails extends LoadFigures {
  /** Counts the tests that were started; the history is that of the last one. */
  testNumber: number;
  host: string;
  /** As the last test was asked for, or the defaults. */
  users: number;
  spawnRate: number;
  /** The names of the scenarios that users follow. */
  chosenScenarios: readonly string[];
  /** Every scenario that can be asked for. */
  scenarios: readonly string[];
  /** Why the last load ended by itself. */
  error: string | null;
  /** The same as Locust tells it; a reset forgets it. */
  exceptions: LocustException[];
}

/** What one load has shown. */
export interface LoadFigures {
  /** Covered by the figures. */
  durationMs: number;
  rows: LoadRow[];
  total: LoadRow;
  /** Those after the time that was asked for (`?since=`), the oldest first. */
  history: LoadMoment[];
  generator: GeneratorVitals | null;
  /** Over all the time: while it is saturated, no time above can be believed. */
  generatorHealth: RunDocument['load']['generator'];
  plan: LoadPlanSummary | null;
}

/** What a page that is a report, and follows no test, holds in itself. */
export interface EmbeddedLoad {
  stats: LoadStatsAnswer;
  /** ISO 8601. */
  writtenAt: string;
  /** Where the page can be had as a file, if it was not opened as one. */
  downloadPath: string | null;
  /** Colours to begin with; null follows the system. */
  theme: 'light' | 'dark' | null;
}

/** Figures of one request name; the current ones cover the last ten seconds. */
export interface LoadRow extends RequestStats {
  currentRps: number;
  currentFailuresPerS: number;
  meanResponseBytes: number;
}

/**
 * One second of a load test. Percentiles are null when nothing finished in it, rates when it is the rest of a
 * second at the end of a test, too short for one.
 */
export interface LoadMoment {
  /** End of the window on the run's clock. */
  atMs: number;
  users: number;
  rps: number | null;
  failuresPerS: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}
