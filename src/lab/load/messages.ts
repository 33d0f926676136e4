import type { ErrorCode } from '../../shared/errors.ts';
import type { LoadSample } from '../timeline/samples.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';

/** Parent to generator, over Node's IPC channel. */
export type GeneratorCommand =
  | { type: 'start'; plan: LoadPlan }
  | { type: 'users'; users: number; spawnRate: number }
  | { type: 'stop'; graceMs: number };

/** Generator to parent. `atMs` is the end of the sample's window on the run's clock (shared/clock.ts). */
export type GeneratorReport =
  | { type: 'planned'; summary: LoadPlanSummary }
  | { type: 'ramped' }
  | { type: 'sample'; atMs: number; sample: LoadSample }
  /** What the code of a scenario threw. */
  | { type: 'exception'; message: string; traceback: string }
  | { type: 'finished' }
  | { type: 'failed'; code: ErrorCode; message: string };
