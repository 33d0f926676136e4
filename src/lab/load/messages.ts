import type { ErrorCode } from '../../shared/errors.ts';
import type { LoadSample } from '../timeline/samples.ts';
import type { CountedException } from './exception-counter.ts';
import type { Preparation } from './preparation.ts';
import type { LoadPlan } from './load-plan.ts';
import type { ProcessShare } from './process-share.ts';

/** Parent to one generator process, over Node's IPC channel; moments are on the run's clock (shared/clock.ts). */
export type GeneratorCommand =
  | { type: 'plan'; plan: LoadPlan; share: ProcessShare }
  /** To the first process only: what it finds out is for all. */
  | { type: 'prepare' }
  /** Windows are counted from `atMs` on, the same moment for every process. */
  | { type: 'begin'; preparation: Preparation; users: number; spawnRate: number; atMs: number }
  /** Numbers of the whole load; `change` counts these commands from 1. */
  | { type: 'users'; change: number; users: number; spawnRate: number }
  /** The users of every process are there; arrivals count from `atMs`. */
  | { type: 'all-ramped'; atMs: number }
  /** To the first process, which takes down what was set up for all. */
  | { type: 'others-ended' }
  | { type: 'stop'; graceMs: number };

/** One generator process to its parent. */
export type GeneratorReport =
  | { type: 'ready' }
  | { type: 'prepared'; preparation: Preparation }
  /** Own users are there as the change with this number asked; 0 is the beginning. */
  | { type: 'ramped'; change: number }
  | ({ type: 'sample' } & ProcessWindow)
  /** What the code of a scenario threw since it told the last time. */
  | { type: 'exceptions'; exceptions: CountedException[] }
  /** Takes down what was set up, which is to take `limitMs` at the most. */
  | { type: 'tearing-down'; limitMs: number }
  /** What the user should know and what ends nothing. */
  | { type: 'warning'; message: string }
  | { type: 'finished' }
  | { type: 'failed'; code: ErrorCode; message: string };

/** What one process saw up to `atMs`, since it told the last time. */
export interface ProcessWindow {
  /** The second that ends with it, counted from 1 since the beginning; a process that was held up skips some. */
  window: number;
  atMs: number;
  sample: LoadSample;
}
