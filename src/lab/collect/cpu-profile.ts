import { nowMs } from '../../shared/clock.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import type { PhaseName } from '../timeline/events.ts';
import type { Collector, CollectorSink } from './collector.ts';
import type { CpuProfiler, ProfilingWindow } from '../profilers/profiler.ts';
import { processTarget } from './process.ts';
import type { SharedConnection } from './shared-connection.ts';

/** A profile outside of the steady phase is thrown away; it is renewed so that it does not grow in the target. */
const unkeptWindowMs = 30_000;
/** A shorter rest of a phase tells nothing. */
const minWindowMs = 500;

interface Window {
  of: CpuProfiler;
  running: ProfilingWindow;
}

/**
 * CPU profiles of one process, window after window, kept in the steady phase only, so that each stretch of
 * the timeline has a flame graph of its own; each is stored as it ends. Uses the attachment that the vitals use. In Node
 * profiling runs from the baseline on: V8 names inlined functions only in code that it optimised while a profiler was
 * running (in what was hot before, their time goes to the caller).
 */
export class CpuProfileCollector implements Collector {
  readonly source = 'cpu-profile';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #watched: WatchedProcess;
  readonly #shared: SharedConnection<CpuProfiler>;
  readonly #options: { windowMs: number };
  #phase: PhaseName | undefined;
  #window: Window | undefined;
  /** Phase changes and ticks come at any time; what they do to the profiler goes one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(watched: WatchedProcess, shared: SharedConnection<CpuProfiler>, options: { windowMs: number }) {
    this.target = processTarget(watched);
    this.#watched = watched;
    this.#shared = shared;
    this.#options = options;
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#shared.open(this, signal);
  }

  async enterPhase(phase: PhaseName, sink: CollectorSink): Promise<void> {
    await this.#inTurn(async () => {
      const kept = this.#phase === 'steady';
      this.#phase = phase;
      await this.#turnOver(phase === 'cool-down' ? 'end' : 'continue', kept, sink);
    });
  }

  async sample(sink: CollectorSink): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#phase === undefined || this.#phase === 'cool-down') return;
      const kept = this.#phase === 'steady';
      // To the nearest tick: one that comes a moment too early must not make a window a tick longer.
      const limitMs = (kept ? this.#options.windowMs : unkeptWindowMs) - this.everyMs / 2;
      if (this.#window && !this.#window.of.lost && nowMs() - this.#window.running.startMs < limitMs) return;
      await this.#turnOver('continue', kept, sink);
    });
  }

  async finish(sink: CollectorSink): Promise<void> {
    await this.#inTurn(async () => {
      const kept = this.#phase === 'steady';
      this.#phase = undefined;
      await this.#turnOver('end', kept, sink);
    });
  }

  async close(): Promise<void> {
    // A profile that is still running ends with the connection.
    await this.#shared.close(this);
  }

  /** Ends the window that runs and stores it when it is kept; the next one starts before that, so that none is missing. */
  async #turnOver(then: 'continue' | 'end', keep: boolean, sink: CollectorSink): Promise<void> {
    const window = this.#window;
    this.#window = undefined;
    try {
      if (then === 'continue') this.#window = await this.#start();
    } finally {
      if (window && !window.of.lost) await this.#end(window, keep, sink);
    }
  }

  async #end({ of, running }: Window, keep: boolean, sink: CollectorSink): Promise<void> {
    const profiles = await running.stop();
    if (!keep) return;
    const { name, pid: watchedPid, role } = this.#watched;
    for (const { thread, pid = watchedPid, profile } of profiles) {
      if (profile.endMs - profile.startMs < minWindowMs) continue;
      const target = pid === watchedPid ? this.target : processTarget({ name: `${name} child`, pid });
      await sink.profile(target, { pid, thread, profiler: of.profiler, role }, profile);
    }
  }

  async #start(): Promise<Window | undefined> {
    const profiler = await this.#shared.get();
    const isWanted = this.#phase === 'steady' || profiler?.profiler === 'v8';
    return profiler && isWanted ? { of: profiler, running: await profiler.start() } : undefined;
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const mine = this.#last.then(act);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
