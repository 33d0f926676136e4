import { delayMs } from '../collect/node-vitals.ts';
import { type FunctionRow, FunctionTally, mergedRows, sortedRows } from './function-tally.ts';
import { processLabel, type ProfiledProcess, type TakenWindow } from './profiled-processes.ts';
import { withoutIdle } from '../profile/without-waiting.ts';
import type { TopView } from './top-view.ts';

/** One refresh of `cpu top`. */
export interface TopDocument {
  command: 'cpu top';
  /** When the window ended, ISO 8601. */
  at: string;
  windowMs: number;
  rateHz: number;
  /** Whose functions these are: a process, a thread, or `3 processes added up`. */
  shown: string;
  processes: TopProcess[];
  functions: TopFunction[];
  /** What happened to the processes since the last refresh. */
  notes: string[];
}

export interface TopProcess {
  pid: number;
  name: string;
  command: string;
  profiler: ProfiledProcess['profiler'];
  threads: string[];
  /** Of one core; null when the process ended in this window. */
  cpuPercent: number | null;
  /** How long its threads were seen in functions, of one core: with what these waited for, also for a core. */
  inFunctionsPercent: number;
  /** Null where the runtime does not tell. */
  eventLoop: TopEventLoop | null;
}

export interface TopEventLoop {
  utilizationPercent: number;
  delayP99Ms: number;
  gcPercent: number;
  heapUsedBytes: number;
}

/** Percent are of one core in the window; times are since the start, or since they were reset. */
export interface TopFunction {
  function: string;
  file: string;
  line: number;
  ownPercent: number;
  totalPercent: number;
  ownMs: number;
  totalMs: number;
}

interface Measured {
  label: string;
  process: TopProcess;
  threads: Map<string, FunctionTally>;
}

/** What `cpu top` has seen, from which each refresh is made. */
export class TopTally {
  readonly #measured = new Map<number, Measured>();
  #windowMs = 0;
  #endMs = 0;
  readonly #idle: boolean;

  /** `idle`: functions that wait count, too. */
  constructor(idle = false) {
    this.#idle = idle;
  }

  /** Takes the windows of one refresh; processes without one ended. */
  add(windows: readonly TakenWindow[]): void {
    for (const pid of this.#measured.keys()) {
      if (!windows.some(({ process: { pid: taken } }) => taken === pid)) this.#measured.delete(pid);
    }
    for (const window of windows) this.#addWindow(window);
    this.#windowMs = Math.max(0, ...windows.map(({ startMs, endMs }) => endMs - startMs));
    this.#endMs = Math.max(this.#endMs, ...windows.map(({ endMs }) => endMs));
  }

  /** What it has seen until now, which stays as it is when more is added to the other. */
  copy(): TopTally {
    const copied = new TopTally(this.#idle);
    for (const [pid, { label, process: of, threads }] of this.#measured) {
      const tallies = [...threads].map(([name, tally]) => [name, tally.copy()] as const);
      copied.#measured.set(pid, { label, process: of, threads: new Map(tallies) });
    }
    copied.#windowMs = this.#windowMs;
    copied.#endMs = this.#endMs;
    return copied;
  }

  /** No process has been seen yet, or none is left. */
  get isEmpty(): boolean {
    return this.#measured.size === 0;
  }

  reset(): void {
    for (const { threads } of this.#measured.values()) for (const tally of threads.values()) tally.reset();
  }

  /** How many processes, or threads, a view can show alone. */
  places({ threads }: TopView): number {
    return this.#places(threads).length;
  }

  /** `top` functions at most. */
  document(
    view: TopView,
    { top, rateHz, notes }: { top: number; rateHz: number; notes: string[] },
  ): TopDocument {
    const places = this.#places(view.threads);
    const only = view.only === null ? undefined : places[view.only];
    const tallies = only === undefined ? places.flatMap((place) => place.tallies) : only.tallies;
    return {
      command: 'cpu top',
      at: new Date(this.#endMs).toISOString(),
      windowMs: Math.round(this.#windowMs),
      rateHz,
      shown: only?.label ?? addedUp(places, view.threads),
      processes: [...this.#measured.values()].map(({ process: each }) => each),
      functions: sortedRows(mergedRows(tallies), view.order).slice(0, top).map(functionOf),
      notes,
    };
  }

  #addWindow({ process: of, ...window }: TakenWindow): void {
    const { pid, name, command, profiler } = of;
    const lastedMs = Math.max(1, window.endMs - window.startMs);
    const threads = this.#measured.get(pid)?.threads ?? new Map<string, FunctionTally>();
    for (const { thread, profile } of window.threads) {
      const tally = threads.get(thread) ?? new FunctionTally();
      tally.add(this.#idle ? profile : withoutIdle(profile));
      threads.set(thread, tally);
    }
    for (const [thread, tally] of threads) {
      if (!window.threads.some((each) => each.thread === thread)) tally.rest();
    }
    const { vitals, cpuMs } = window;
    this.#measured.set(pid, {
      label: processLabel(of),
      threads,
      process: {
        pid,
        name,
        command,
        profiler,
        threads: window.threads.map(({ thread }) => thread),
        cpuPercent: cpuMs === null ? null : rounded((cpuMs / lastedMs) * 100),
        inFunctionsPercent: rounded(100 * [...threads.values()].reduce((sum, tally) => sum + tally.share, 0)),
        eventLoop:
          vitals === null
            ? null
            : {
                utilizationPercent: rounded(vitals.utilization * 100),
                delayP99Ms: rounded(delayMs(vitals.delayP99Ns)),
                gcPercent: rounded((vitals.gcMs / lastedMs) * 100),
                heapUsedBytes: vitals.heapUsedBytes,
              },
      },
    });
  }

  #places(byThread: boolean): { label: string; tallies: FunctionTally[] }[] {
    return [...this.#measured.values()].flatMap(({ label, threads }) =>
      byThread
        ? [...threads].map(([thread, tally]) => ({ label: `${label}, ${thread}`, tallies: [tally] }))
        : [{ label, tallies: [...threads.values()] }],
    );
  }
}

function addedUp(places: readonly { label: string }[], byThread: boolean): string {
  const [first] = places;
  if (first === undefined) return 'nothing';
  return places.length === 1
    ? first.label
    : `${places.length} ${byThread ? 'threads' : 'processes'} added up`;
}

/** A row for a document. */
export function functionOf({ frame, ownShare, totalShare, ownMs, totalMs }: FunctionRow): TopFunction {
  return {
    function: frame.name,
    file: frame.file,
    line: frame.line,
    ownPercent: rounded(ownShare * 100),
    totalPercent: rounded(totalShare * 100),
    ownMs: rounded(ownMs),
    totalMs: rounded(totalMs),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
