import type { Profile } from '../profile/profile.ts';
import type { PhaseName, PlanDocument, ProfiledThread } from '../timeline/events.ts';
import type { LogDocument } from '../timeline/samples/log-sample.ts';
import type { SampleTypes, SourceName } from '../timeline/samples.ts';

/** Where a collector puts what it saw. The bundle implements it. */
export interface CollectorSink {
  sample<S extends SourceName>(source: S, target: string, costMs: number, data: SampleTypes[S]): void;
  gap(source: SourceName | 'cpu-profile', target: string, error: unknown): void;
  /** What asking a source for its time told, see ClockEvent. */
  clock(source: SourceName, target: string, offsetMs: number, errorMs: number): void;
  /** Stores a finished profile window of one thread. */
  profile(target: string, of: ProfiledThread, profile: Profile): Promise<void>;
  plan(document: PlanDocument): Promise<void>;
  /** Stores what one log said in the whole run. */
  log(document: LogDocument): Promise<void>;
}

/**
 * One source of a run. The session opens all of them, calls `sample` on its one-second tick (a collector
 * that is still busy, or whose `everyMs` has not passed, is left out of that tick), tells each phase change,
 * and closes all of them whatever happened: `close` leaves the target exactly as it was found.
 * A rejected `open` or `sample` is recorded as a gap and never ends the run.
 */
export interface Collector {
  readonly source: SourceName | 'cpu-profile';
  readonly target: string;
  readonly everyMs: number;
  open(signal: AbortSignal): Promise<void>;
  sample?(sink: CollectorSink): Promise<void>;
  enterPhase?(phase: PhaseName, sink: CollectorSink): Promise<void>;
  /** Called once, with the sink, before `close`, when the load has ended: the place for plans and other last looks. */
  finish?(sink: CollectorSink): Promise<void>;
  close(): Promise<void>;
}
