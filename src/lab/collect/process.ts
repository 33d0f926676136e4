import { nowMs } from '../../shared/clock.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { ProcessEndedError, procMissing } from '../../shared/proc-files.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import type { Collector, CollectorSink } from './collector.ts';
import { findSuccessor, portraitOf, type ProcessPortrait, seenNow } from './find-successor.ts';
import { type ProcessCounters, processSample, readProcess } from './process-counters.ts';

/** How long a process that ended is away before another look for its successor. */
const successorEveryMs = 2000;

/** How a process is named on the timeline, e.g. `gateway-1 (pid 4711)`. */
export function processTarget({ name, pid }: Pick<WatchedProcess, 'name' | 'pid'>): string {
  return `${name} (pid ${pid})`;
}

/**
 * CPU, memory, threads, open files, waits for a CPU, block I/O and limits of one process, from /proc and its control
 * group. A PostgreSQL postmaster is counted with all its backends. When the process ends, one gap says so; a later
 * process with the same pid is never taken for it. The process that takes its place, such as a new worker of the same
 * master, is watched from then on under its own pid.
 */
export class ProcessCollector implements Collector {
  readonly source = 'process';
  readonly everyMs = 1000;
  readonly #watchedPids: Set<number>;
  readonly #onSuccessor: (successor: WatchedProcess) => void;
  #process: WatchedProcess;
  #last: ProcessCounters | undefined;
  #portrait: ProcessPortrait | undefined;
  #nextLookMs = 0;

  /** `watchedPids` are those of all collectors of a run, so that no two take the same successor, which `onSuccessor` is told. */
  constructor(
    watched: WatchedProcess,
    watchedPids = new Set<number>(),
    onSuccessor: (successor: WatchedProcess) => void = () => undefined,
  ) {
    this.#process = watched;
    this.#watchedPids = watchedPids;
    this.#onSuccessor = onSuccessor;
    watchedPids.add(watched.pid);
  }

  get target(): string {
    return processTarget(this.#process);
  }

  async open(): Promise<void> {
    const missing = procMissing();
    if (missing !== undefined) throw new GaugewayError('usage', `process metrics: ${missing}`);
    this.#portrait = await portraitOf(this.#process.pid);
    this.#last = await readProcess(this.#process);
  }

  async sample(sink: CollectorSink): Promise<void> {
    const before = this.#last;
    if (!before) return this.#follow(sink);
    const startedMs = performance.now();
    const after = await this.#readSameProcess(before);
    this.#last = after;
    this.#portrait = this.#portrait && seenNow(this.#portrait);
    sink.sample('process', this.target, performance.now() - startedMs, processSample(before, after));
  }

  async close(): Promise<void> {}

  /** Watches the successor of a process that ended, as soon as there is one. */
  async #follow(sink: CollectorSink): Promise<void> {
    if (this.#portrait === undefined || nowMs() < this.#nextLookMs) return;
    this.#nextLookMs = nowMs() + successorEveryMs;
    const successor = await findSuccessor(this.#portrait, this.#watchedPids);
    if (successor === undefined) return;
    this.#watchedPids.add(successor);
    sink.gap(
      'process',
      this.target,
      `process ${this.#process.pid} has ended; process ${successor} took its place`,
    );
    this.#process = { ...this.#process, pid: successor };
    await this.open();
    this.#onSuccessor(this.#process);
  }

  async #readSameProcess(before: ProcessCounters): Promise<ProcessCounters> {
    try {
      const after = await readProcess(this.#process);
      if (after.startTicks !== before.startTicks) throw new ProcessEndedError(this.#process.pid);
      return after;
    } catch (error) {
      if (error instanceof ProcessEndedError) this.#last = undefined;
      throw error;
    }
  }
}
