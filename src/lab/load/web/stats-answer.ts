import type { RequestStats, RunDocument } from '../../run-document.ts';
import type { LoadPlanSummary } from '../load-plan.ts';
import type { GeneratorState } from './generator-state.ts';
import type { LocustException } from './locust-answers.ts';
import type { LocustStats } from './locust-stats.ts';
import type { SettingsText } from './settings-text.ts';

/** `GET /stats/requests`: what Locust's clients read, and our own figures beside it. */
export type LoadStatsAnswer = LocustStats & { gaugeway: LoadTestDetails };

/** What the page shows beyond Locust's figures: exact percentiles, history, and what the generator says of itself. */
export interface LoadTestDetails extends LoadFigures {
  /** Counts the tests that were started; the history is that of the last one. */
  testNumber: number;
  /** Of that test alone, also when the server was started again. */
  testId: string;
  host: string;
  /** As the last test was asked for, or the defaults. */
  users: number;
  spawnRate: number;
  /** The names of the scenarios that users follow. */
  chosenScenarios: readonly string[];
  /** What to offer as run time, e.g. `5m`; empty for none. */
  runTime: string;
  /** Until when it runs, in epoch milliseconds; null for a test that runs until it is stopped. */
  endsAtMs: number | null;
  settings: SettingsText;
  /** Every scenario that can be asked for. */
  scenarios: readonly { name: string; description: string }[];
  /** Why the last load ended by itself. */
  error: string | null;
  /** The same as Locust tells it; a reset forgets it. */
  exceptions: LocustException[];
  /** The generator processes, also when they have ended. */
  generators: GeneratorState[];
}

/** `event: log` of `GET /events`. */
export interface LogEvent {
  /** How many lines were written before these. */
  first: number;
  /** JSON, the oldest first. */
  lines: readonly string[];
}

/** What one load has shown. */
export interface LoadFigures {
  /** Covered by the figures. */
  durationMs: number;
  rows: LoadRow[];
  total: LoadRow;
  /** Those after the time that was asked for (`?since=`), the oldest first. */
  history: LoadMoment[];
  /** Over all the time: while it is saturated, no time above can be believed. */
  generatorHealth: RunDocument['load']['generator'];
  plan: LoadPlanSummary | null;
}

/** What a page holds in itself: that it follows a test, the report of one, or the question who asks. */
export type Embedded = EmbeddedLoad | EmbeddedLogin | EmbeddedLive;

/** Follows the test of its server. */
export interface EmbeddedLive {
  kind: 'live';
  /** Whether there is a session to end. */
  canLogOut: boolean;
}

/** Asks for the secret, and sends it by a form to `POST /login`. */
export interface EmbeddedLogin {
  kind: 'login';
  asksFor: 'password' | 'token';
  /** Why it asks again. */
  problem: string | null;
}

/** What a page that is a report holds in itself. */
export interface EmbeddedLoad {
  kind: 'report';
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
  /** By the percentage, e.g. `99.9`: those that RequestStats does not hold. */
  percentilesMs: Record<OptionalPercentile, number>;
}

/** Percentiles of Locust's files beyond the median, 95 and 99 %. */
export type OptionalPercentile = '66' | '75' | '80' | '90' | '98' | '99.9';

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
