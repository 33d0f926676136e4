import type { Logger } from '../../shared/logger.ts';
import type { RunDocument } from '../run-document.ts';
import type { ObservedLoad } from '../timeline/samples.ts';
import type { LoadPlanSummary } from './load-plan.ts';

/** Whoever drives the load of a session: our own engine, or another tool that is observed. */
export interface LoadDriver {
  /** Under which name its samples stand in the bundle. */
  readonly target: string;
  /** What the run's document says of the load that was asked for. */
  readonly settings: Pick<
    RunDocument['settings'],
    'users' | 'spawnRate' | 'scenario' | 'arrivals' | 'userStages' | 'driver'
  >;
  /** Whether the load begins when somebody else begins it; else after the quiet time before it. */
  readonly beginsByItself: boolean;
  /** How long it takes until every user runs; undefined where nobody knows. */
  readonly rampMs: number | undefined;
  /**
   * The quiet time before the load: ends when the load should begin, or has; at once when the signal aborts. Resolves to
   * the moment that it had begun, where that was noticed only later.
   */
  awaitBeginning(baselineMs: number, watcher: LoadWatcher): Promise<number | void>;
  /** Begins the load, or to observe it. */
  start(watcher: LoadWatcher): RunningLoad;
}

/** Where a driver tells what it sees. */
export interface LoadWatcher {
  /** About once a second; `atMs` is the end of the window on the run's clock, `costMs` what the look took. */
  readonly onSample: (sample: ObservedLoad, atMs: number, costMs?: number) => void;
  /** A moment that could not be observed; the load may go on. */
  readonly onGap: (error: unknown) => void;
  /** What the user should know of the figures. */
  readonly onNote: (text: string) => void;
  readonly logger: Logger;
  /** Ends the load, or the looking at it, at once. */
  readonly signal: AbortSignal;
}

export interface RunningLoad {
  /** What will be asked of the target; undefined where another tool decides. Rejects when it cannot be asked. */
  readonly planned: Promise<LoadPlanSummary | undefined>;
  /** Resolves when every user runs; rejects when the load ends before that. */
  readonly ramped: Promise<void>;
  /** When every user ran, where that was noticed only later. */
  readonly rampedMs?: number | undefined;
  /** Resolves when the load has ended by itself; rejects when it failed. */
  readonly finished: Promise<void>;
  /** When the load ended by itself, where that was noticed only later. */
  readonly endedMs?: number | undefined;
  /** Ends the load, or the looking at it, and hands on the last sample. */
  stop(): Promise<void>;
}
