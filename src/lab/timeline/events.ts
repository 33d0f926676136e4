import type { ProcessRole } from '../../shared/stack-description.ts';
import type { ProfilerName } from '../profilers/profiler.ts';
import type { IndexAdvice } from '../plan/index-candidates.ts';
import type { PlanSummary } from '../plan/plan-summary.ts';
import type { RunDocument } from '../run-document.ts';
import type { SampleTypes, SourceName } from './samples.ts';

/** The parts of a run, in order. Steady begins when every user is running. */
export const phaseNames = ['baseline', 'ramp', 'steady', 'cool-down'] as const;
export type PhaseName = (typeof phaseNames)[number];

/**
 * One line of `series.ndjson`. Everything that is seen in a run is such an event, so that the live view,
 * the bundle on disk and the report fold the same stream. `atMs` is the run's clock (shared/clock.ts).
 */
export type SeriesEvent =
  SettingsEvent | PhaseEvent | StepEvent | SampleEvent | GapEvent | ClockEvent | ProfileEvent | PlanEvent;

/** The first line: what was asked for, so that a stream can be analysed without its result document. */
export interface SettingsEvent {
  kind: 'settings';
  atMs: number;
  settings: RunDocument['settings'];
}

export interface PhaseEvent {
  kind: 'phase';
  atMs: number;
  phase: PhaseName;
  edge: 'start' | 'end';
}

/** A level of load that was held and measured, without the time in which it settled. */
export interface StepEvent {
  kind: 'step';
  /** The `ramp` looks for the limit, the `hold` is the steady phase, just past it. */
  role: 'ramp' | 'hold';
  users: number;
  /** The measured windows begin after `startMs` and end at `endMs`. */
  startMs: number;
  endMs: number;
}

/** A sample of one source; without a parameter, of any source, with `data` following from `source`. */
export type SampleEvent<Source extends SourceName = SourceName> = {
  [S in Source]: {
    kind: 'sample';
    atMs: number;
    source: S;
    /** What was sampled within the source, e.g. `gateway-1 (pid 4711)`. */
    target: string;
    /** What taking this sample cost the lab, in wall milliseconds. */
    costMs: number;
    data: SampleTypes[S];
  };
}[Source];

/** A source that could not be read at this moment; it never ends the run. */
export interface GapEvent {
  kind: 'gap';
  atMs: number;
  source: SourceName | 'cpu-profile';
  target: string;
  error: string;
  /** What is watched does not have this source: nothing is missing. */
  notApplicable?: true;
}

/** How far the clock of a source is from the run's: `atMs` of ours was `atMs + offsetMs` there, give or take `errorMs`. */
export interface ClockEvent {
  kind: 'clock';
  atMs: number;
  source: SourceName;
  target: string;
  offsetMs: number;
  /** Half of the time that asking took. */
  errorMs: number;
}

export interface ProfiledThread {
  pid: number;
  /** Absent in bundles of before threads were told apart: the main one. */
  thread?: string;
  /** Absent in bundles of before there was another: V8's. */
  profiler?: ProfilerName;
  /** Absent in bundles of before others were profiled: a gateway. */
  role?: ProcessRole;
}

/** A CPU profile of one thread over one window, stored beside the series. */
export interface ProfileEvent extends ProfiledThread {
  kind: 'profile';
  startMs: number;
  endMs: number;
  target: string;
  /** Path within the bundle, e.g. `profiles/gateway-4711-003.cpuprofile`. */
  file: string;
}

/** A query plan that was taken for a statement seen in the run. */
export interface PlanEvent {
  kind: 'plan';
  atMs: number;
  /** Path within the bundle, e.g. `plans/-123456789.json` (a {@link PlanDocument}). */
  file: string;
}

/** `plans/*.json`: EXPLAIN output in FORMAT JSON with what is needed to read it. */
export interface PlanDocument {
  queryId: string;
  /** String constants and secrets masked. */
  sql: string;
  /** `analyze`: really run, in a read-only transaction that was rolled back. `generic`: planned only, estimates. */
  mode: 'analyze' | 'generic';
  calls: number;
  meanMs: number;
  /** Root node of EXPLAIN (FORMAT JSON), masked likewise. */
  plan: Record<string, unknown>;
  /** Tables that the plan reads sequentially, with the share of rows that the filter keeps (0..1; null when unknown). */
  sequentialScans: { schema: string; table: string; liveRows: number; keptShare: number | null }[];
  /** What EXPLAIN tells beside the tree; runs of before it was kept have none. */
  summary?: PlanSummary;
  /** Indexes that its scans ask for; runs of before they were looked for have none. */
  indexAdvice?: IndexAdvice[];
}
