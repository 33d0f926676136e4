import type { Connection } from '../collect/shared-connection.ts';
import type { Frame, Profile } from '../profile/profile.ts';
import type { RawVitals } from './node/vitals.ts';

/** What takes the profiles: V8's own profiler through the inspector, py-spy, or Linux perf. */
export const profilerNames = ['v8', 'py-spy', 'perf'] as const;
export type ProfilerName = (typeof profilerNames)[number];

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
  /** What the event loop of the main thread waits for. Throws as {@link start} does. */
  waiting?(): Promise<WaitingFor>;
  /** What each thread is doing now, the main one first. Never pauses the process. Throws as {@link start} does. */
  stackNow?(): Promise<ThreadNow[]>;
  /** What a reader of its profiles has to know of how they were taken, in sentences: what fell behind, what failed. */
  facts?(): string[];
}

export interface ProfilingWindow {
  /** On the run's clock. */
  readonly startMs: number;
  /**
   * Ends the window, once. A profile for each thread that was seen, the main one first; none when nothing was. When
   * the process ended meanwhile, what was collected until then; then the profiler is `lost`.
   */
  stop(): Promise<ThreadProfile[]>;
}

export interface ThreadProfile {
  /** `main`, what the runtime or the system calls it, e.g. `worker 1`, or `all threads` where they were not told apart. */
  thread: string;
  /** Of a child process that was followed; otherwise the process that was attached to. */
  pid?: number;
  profile: Profile;
}

/**
 * What keeps an event loop waiting: nothing here costs CPU, so that no profile shows it. Of addresses only what the
 * system's own tools show too.
 */
export interface WaitingFor {
  /** How many of each kind of resource are active, in Node's words (`process.getActiveResourcesInfo`), most first. */
  resources: { type: string; count: number }[];
  sockets: WaitingSocket[];
  /** Sockets that were left out, as there are too many to list. */
  moreSockets: number;
  /** Requests to files and the like that run in the thread pool. */
  fileRequests: number;
  timers: number;
  childProcesses: { pid: number; file: string }[];
}

export interface WaitingSocket {
  /** `in`: another side connected to this process; `out`: this process connected; `listen`: nobody yet. */
  direction: 'in' | 'out' | 'listen';
  /** `host:port`, or the path of a Unix socket; empty where the runtime does not know. */
  local: string;
  remote: string;
  /** Bytes that were written and that the other side has not taken. */
  unsentBytes: number;
}

/** One thread at one moment. */
export interface ThreadNow {
  /** As in {@link ThreadProfile}. */
  thread: string;
  /** `idle` waits for events; `blocked` does not answer: see `system`. */
  state: 'running' | 'idle' | 'blocked';
  /** The share of a tenth of a second that it ran, 0 to 1; 0 when it is blocked. */
  busyShare: number;
  /** The stack that most of that running was in, innermost first; empty when none was. */
  stack: Frame[];
  /** What the kernel says that the thread does, when it does not answer. */
  system?: SystemThread;
  /** One line for what the state means, e.g. `blocked in openat (wait_for_partner)`. */
  says: string;
}

/** A thread of the operating system, as `/proc` shows it. */
export interface SystemThread {
  threadId: number;
  name: string;
  state: 'running' | 'sleeping' | 'disk' | 'stopped' | 'ended';
  /** The call that it is in, when it is known by name. */
  systemCall?: string;
  /** What that call reads or writes, e.g. `pipe:[812]` or a path. */
  file?: string;
  /** The kernel's own function that it waits in. */
  waitsIn?: string;
}
