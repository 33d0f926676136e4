import type { Connection } from '../collect/shared-connection.ts';
import type { Profile } from '../profile/profile.ts';
import type { RawVitals } from './node/vitals.ts';

/** What takes the profiles: V8's own profiler through the inspector, py-spy, or Linux perf. */
export type ProfilerName = 'v8' | 'py-spy' | 'perf';

/**
 * One running process whose CPU profiles are taken from outside, without touching its code. `close` leaves the process
 * as it was found.
 */
export interface CpuProfiler extends Connection {
  readonly pid: number;
  readonly profiler: ProfilerName;
  /**
   * Begins a window. Another one may begin before it is stopped, so that windows follow each other without a gap. Throws
   * GaugewayError source_unreadable, and ProcessEndedError when the process is gone.
   */
  start(): Promise<ProfilingWindow>;
  /** Event loop, garbage collection and heap since the last call, of a runtime that tells them. */
  vitals?(): Promise<RawVitals>;
}

export interface ProfilingWindow {
  /** On the run's clock. */
  readonly startMs: number;
  /** Ends the window, once. A profile for each thread that was seen, the main one first; none when nothing was. */
  stop(): Promise<ThreadProfile[]>;
}

export interface ThreadProfile {
  /** `main`, or what the runtime or the system calls it, e.g. `worker 1`. */
  thread: string;
  profile: Profile;
}
