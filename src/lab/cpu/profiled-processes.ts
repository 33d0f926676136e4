import { nowMs, sleep } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { ProcessEndedError, readProcStat, unlessUnreadable } from '../../shared/proc-files.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import type { RawVitals } from '../profilers/node/vitals.ts';
import type { CpuProfiler, ProfilingWindow, ThreadProfile, WaitingFor } from '../profilers/profiler.ts';
import { forksOf } from '../profilers/perf/forks-of.ts';
import { type Runtime, runtimeOf } from '../profilers/runtime-of.ts';
import { commandOf } from './command-of.ts';
import { forksApart } from './forks-apart.ts';
import { descendantsOf } from './process-tree.ts';

/** A process that a profiler is attached to. */
export interface ProfiledProcess extends WatchedProcess {
  command: string;
  runtime: Runtime;
  profiler: CpuProfiler['profiler'];
  /** How long attaching took. */
  attachMs: number;
}

/** A process whose connection ended is about to end itself, most times. */
const endsWithinMs = 1000;
const pollMs = 20;

/** What a process is called: by the name that a stack file or a container gives it, or by its number alone. */
export function processLabel({ pid, name, role }: WatchedProcess): string {
  return name === role ? `pid ${pid}` : `${name} (pid ${pid})`;
}

/** What one process did in a window. */
export interface TakenWindow {
  process: ProfiledProcess;
  startMs: number;
  endMs: number;
  /** CPU time of the process, by the kernel, or of a followed one by its samples; null when it ended meanwhile. */
  cpuMs: number | null;
  threads: ThreadProfile[];
  /** Of a runtime that tells them. */
  vitals: RawVitals | null;
}

export interface AttachOptions {
  open: (pid: number) => Promise<CpuProfiler>;
  /** Also what the processes have started, and start later. */
  subprocesses: boolean;
  /** Whether a process that starts can be attached to by now; every one can where this is absent. */
  isReady?: (pid: number, runtime: Runtime) => Promise<boolean>;
  /** Told in one sentence what could not be attached to, what joined and what has ended. */
  onNote: (text: string) => void;
}

interface Attached {
  readonly process: ProfiledProcess;
  readonly profiler: CpuProfiler;
  readonly startTicks: number;
  /** With the CPU time that the process had when it began; null when it had ended by then. */
  window: { running: ProfilingWindow; cpuMs: number | null } | undefined;
  /** What its profiler has followed, by pid. */
  readonly forks: Map<number, ProfiledProcess>;
}

/** The processes of one command that are profiled together. One that ends, or that cannot be read, leaves the others alone. */
export class ProfiledProcesses {
  readonly #attached = new Map<number, Attached>();
  /** Pids with their start, so that a later process of the same number is another one. */
  readonly #seen = new Set<string>();
  readonly #options: AttachOptions;
  #roots: WatchedProcess[] = [];
  /** A program that was started, until it is attached to. */
  #pending: WatchedProcess | undefined;
  #tellsCourse = true;
  readonly #factsOfEnded = new Set<string>();
  #following: Promise<void> = Promise.resolve();
  #count = 0;

  private constructor(options: AttachOptions) {
    this.#options = options;
  }

  /**
   * Attaches to all of `chosen` and begins a window in each. One of several that cannot be attached to is told to
   * `onNote`. Throws GaugewayError as the profiler does when none is left.
   */
  static async attach(chosen: readonly WatchedProcess[], options: AttachOptions): Promise<ProfiledProcesses> {
    const all = new ProfiledProcesses(options);
    const roots = await withoutForks(chosen);
    all.#roots = roots;
    const faults: GaugewayError[] = [];
    await Promise.all(
      roots.map(async (each) => {
        const fault = await all.#join(each);
        if (fault !== undefined) faults.push(fault);
      }),
    );
    await all.follow();
    if (all.running.length === 0 && faults[0] !== undefined) throw faults[0];
    for (const { message } of faults) options.onNote(message);
    return all;
  }

  /** The processes of a program that has just been started, which join as soon as they can: `follow` looks for them. */
  static around(program: WatchedProcess, options: AttachOptions): ProfiledProcesses {
    const all = new ProfiledProcesses({ ...options, subprocesses: true });
    all.#roots = [program];
    all.#pending = program;
    // What joins and ends is the program's own business here.
    all.#tellsCourse = false;
    return all;
  }

  /** Those that are attached to, in the order in which they were. */
  get running(): ProfiledProcess[] {
    return [...this.#attached.values()].map(({ process: each }) => each);
  }

  /** How many were ever attached to. */
  get count(): number {
    return this.#count;
  }

  /** Attaches to what the processes have started meanwhile, where that is wanted. */
  async follow(): Promise<void> {
    if (!this.#options.subprocesses) return;
    const mine = this.#following.then(() => this.#followOnce());
    this.#following = mine.catch(() => undefined);
    await mine;
  }

  async #followOnce(): Promise<void> {
    const role = this.#roots[0]?.role ?? 'gateway';
    const pending = this.#pending;
    if (pending !== undefined && (await this.#isWanted(pending.pid))) {
      this.#pending = undefined;
      await this.#welcome(pending);
    }
    const known = [...this.#roots, ...this.running];
    for (const pid of await descendantsOf(known.map((each) => each.pid))) {
      if (await this.#isWanted(pid)) await this.#welcome({ role, name: `child ${pid}`, pid });
    }
  }

  async #welcome(process: WatchedProcess): Promise<void> {
    const fault = await this.#join(process);
    if (fault === undefined) {
      if (this.#tellsCourse) this.#options.onNote(`process ${process.pid} joined`);
    } else if (!(fault instanceof ProcessEndedError)) {
      this.#options.onNote(fault.message);
    }
  }

  /**
   * Ends the windows that run and gives them; the next ones begin before that, so that nothing is missing in between.
   * `which` leaves the windows of the others running.
   */
  async turn(which: (process: ProfiledProcess) => boolean = () => true): Promise<TakenWindow[]> {
    await this.follow();
    const due = [...this.#attached.values()].filter((each) => which(each.process));
    return (await Promise.all(due.map((each) => this.#take(each, 'continue')))).flat();
  }

  /** Ends the windows that run, and begins no others. */
  async end(): Promise<TakenWindow[]> {
    const all = [...this.#attached.values()];
    return (await Promise.all(all.map((each) => this.#take(each, 'end')))).flat();
  }

  /** What has to be known of how the profiles were taken, in sentences. */
  get facts(): string[] {
    const running = [...this.#attached.values()].flatMap(({ profiler }) => profiler.facts?.() ?? []);
    return [...new Set([...this.#factsOfEnded, ...running])];
  }

  /** What the event loops wait for, by pid, of the runtimes that tell it. */
  async waiting(): Promise<Map<number, WaitingFor>> {
    const told = await Promise.all(
      [...this.#attached.values()].map(async ({ process: { pid }, profiler }) => {
        const waiting = await this.#unlessEnded(pid, async () => profiler.waiting?.());
        return waiting === undefined ? [] : [[pid, waiting] as const];
      }),
    );
    return new Map(told.flat());
  }

  /** Undefined for a process that ended or does not answer, which is told to `onNote`. */
  async #unlessEnded<T>(pid: number, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      this.#options.onNote(`process ${pid}: ${error.message}`);
      return undefined;
    }
  }

  /** Leaves every process as it was found. What could not be undone is told to `onNote`. */
  async close(): Promise<void> {
    await Promise.all([...this.#attached.values()].map((each) => this.#leave(each)));
  }

  async #join(chosen: WatchedProcess): Promise<GaugewayError | undefined> {
    const { pid } = chosen;
    try {
      const [{ startTicks }, runtime, command] = await Promise.all([
        readProcStat(pid),
        runtimeOf(pid),
        commandOf(pid),
      ]);
      this.#seen.add(`${pid} ${startTicks}`);
      const beganMs = nowMs();
      const profiler = await this.#options.open(pid);
      const process = {
        ...chosen,
        command,
        runtime,
        profiler: profiler.profiler,
        attachMs: nowMs() - beganMs,
      };
      const attached: Attached = { process, profiler, startTicks, window: undefined, forks: new Map() };
      this.#attached.set(pid, attached);
      attached.window = await this.#begin(attached);
      this.#count += 1;
      return undefined;
    } catch (error) {
      const attached = this.#attached.get(pid);
      if (attached !== undefined) await this.#leave(attached);
      if (error instanceof GaugewayError) return error;
      throw error;
    }
  }

  /** Runtimes whose functions are known: perf itself follows what a native program forks, e.g. backends of PostgreSQL. */
  async #isWanted(pid: number): Promise<boolean> {
    try {
      const { startTicks } = await readProcStat(pid);
      if (this.#seen.has(`${pid} ${startTicks}`)) return false;
      const runtime = await runtimeOf(pid);
      if (runtime !== 'native') return (await this.#options.isReady?.(pid, runtime)) ?? true;
      return pid === this.#pending?.pid && ((await this.#options.isReady?.(pid, runtime)) ?? false);
    } catch (error) {
      // Short-lived children end while they are looked at, and those of other users do not show what they run.
      if (error instanceof GaugewayError) return false;
      throw error;
    }
  }

  async #take(attached: Attached, then: 'continue' | 'end'): Promise<TakenWindow[]> {
    const { process: of, profiler } = attached;
    let before = attached.window;
    attached.window = undefined;
    try {
      await this.#requireSame(attached);
      const next = then === 'continue' ? await this.#begin(attached) : undefined;
      attached.window = next;
      // A busy process answers late, and a window lasts until then: what is told beside it is read after that.
      const vitals = next === undefined ? null : ((await profiler.vitals?.()) ?? null);
      if (before === undefined) return [];
      const { running, cpuMs: sinceMs } = before;
      before = undefined;
      const threads = await running.stop();
      const { cpuMs: untilMs } = next ?? (await this.#cpuOf(attached));
      const cpuMs = untilMs === null || sinceMs === null ? null : untilMs - sinceMs;
      const { startMs } = running;
      const taken = { process: of, startMs, endMs: endOf(threads), cpuMs, threads, vitals };
      return await this.#apart(taken, attached);
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      return this.#lose(attached, before, error);
    }
  }

  /** What a process that ended, or does not answer, still gives: a profiler of its own process has seen it until then. */
  async #lose(attached: Attached, before: Attached['window'], error: GaugewayError): Promise<TakenWindow[]> {
    const { process: of } = attached;
    const ended = await this.#hasEnded(attached, attached.profiler.lost ? endsWithinMs : 0);
    const isLost = ended || attached.profiler.lost;
    if (!ended) this.#options.onNote(`process ${of.pid}: ${error.message}`);
    else if (this.#tellsCourse) this.#options.onNote(`process ${of.pid} has ended`);
    // What does not answer now may answer later: its window goes on, unless the next one has begun.
    if (!isLost && attached.window === undefined) attached.window = before;
    if (attached.window === before && !isLost) return [];
    const threads = await lastOf(before);
    if (isLost) {
      for (const fact of attached.profiler.facts?.() ?? []) this.#factsOfEnded.add(fact);
      await this.#leave(attached);
    }
    if (before === undefined || threads.length === 0) return [];
    const { startMs } = before.running;
    const taken = { process: of, startMs, endMs: endOf(threads), cpuMs: null, threads, vitals: null };
    return this.#apart(taken, attached);
  }

  #apart(window: TakenWindow, { forks, profiler }: Attached): Promise<TakenWindow[]> {
    return forksApart(window, {
      forks,
      joins: this.#options.subprocesses,
      bySamples: profiler.profiler === 'perf',
    });
  }

  /** Begins a window. A program that ends at once has ended by then, and its profile is there all the same. */
  async #begin(attached: Attached): Promise<NonNullable<Attached['window']>> {
    const running = await attached.profiler.start();
    return { running, ...(await this.#cpuOf(attached)) };
  }

  async #cpuOf(attached: Attached): Promise<{ cpuMs: number | null }> {
    try {
      const { cpuMs } = await this.#requireSame(attached);
      return { cpuMs };
    } catch (error) {
      if (error instanceof ProcessEndedError) return { cpuMs: null };
      throw error;
    }
  }

  async #requireSame({ process: { pid }, startTicks }: Attached): Promise<{ cpuMs: number }> {
    const stat = await readProcStat(pid);
    if (stat.startTicks !== startTicks) throw new ProcessEndedError(pid);
    return stat;
  }

  async #hasEnded(attached: Attached, withinMs = 0): Promise<boolean> {
    try {
      for (const end = nowMs() + withinMs; ; await sleep(pollMs)) {
        await this.#requireSame(attached);
        if (nowMs() >= end) return false;
      }
    } catch (error) {
      if (error instanceof ProcessEndedError) return true;
      throw error;
    }
  }

  async #leave(attached: Attached): Promise<void> {
    this.#attached.delete(attached.process.pid);
    try {
      await attached.profiler.close();
    } catch (error) {
      if (!(await this.#hasEnded(attached))) {
        this.#options.onNote(`process ${attached.process.pid} could not be left: ${messageOf(error)}`);
      }
    }
  }
}

/** Without those that another one of them forked, as its profiler follows them. */
async function withoutForks(chosen: readonly WatchedProcess[]): Promise<WatchedProcess[]> {
  const followed = await Promise.all(
    chosen.map(({ pid }) =>
      unlessUnreadable(async () => ((await runtimeOf(pid)) === 'native' ? forksOf(pid) : [])),
    ),
  );
  const forks = new Set(followed.flatMap((pids) => pids ?? []));
  return chosen.filter(({ pid }) => !forks.has(pid));
}

async function lastOf(window: Attached['window']): Promise<ThreadProfile[]> {
  try {
    return (await window?.running.stop()) ?? [];
  } catch (error) {
    if (error instanceof GaugewayError) return [];
    throw error;
  }
}

function endOf(threads: readonly ThreadProfile[]): number {
  return threads.length === 0 ? nowMs() : Math.max(...threads.map(({ profile }) => profile.endMs));
}
