import { nowMs } from '../../shared/clock.ts';
import { GaugewayError } from '../../shared/errors.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import type { ProcessSample } from '../timeline/samples.ts';
import type { Collector, CollectorSink } from './collector.ts';
import { findSuccessor, portraitOf, type ProcessPortrait, seenNow } from './find-successor.ts';
import {
  ProcessEndedError,
  procMissing,
  type ProcStat,
  readOpenFiles,
  readProcFile,
  readProcStat,
  readProcStatus,
} from '../../shared/proc-files.ts';

/** What a process, or a postmaster with its backends, has used so far. */
interface Usage {
  atMs: number;
  cpuMs: number;
  startTicks: number;
}

interface Measured {
  usage: Usage;
  data: Omit<ProcessSample, 'cpuPercent'>;
}

/** How long a process that ended is away before another look for its successor. */
const successorEveryMs = 2000;

/** How a process is named on the timeline, e.g. `gateway-1 (pid 4711)`. */
export function processTarget({ name, pid }: WatchedProcess): string {
  return `${name} (pid ${pid})`;
}

/**
 * CPU, memory, threads and open files of one process, from /proc. A PostgreSQL postmaster is counted with all its
 * backends. When the process ends, one gap says so; a later process with the same pid is never taken for it. The process
 * that takes its place, such as a new worker of the same master, is watched from then on under its own pid.
 */
export class ProcessCollector implements Collector {
  readonly source = 'process';
  readonly everyMs = 1000;
  readonly #watchedPids: Set<number>;
  #process: WatchedProcess;
  #last: Usage | undefined;
  #portrait: ProcessPortrait | undefined;
  #nextLookMs = 0;

  /** `watchedPids` are those of all collectors of a run, so that no two take the same successor. */
  constructor(watched: WatchedProcess, watchedPids = new Set<number>()) {
    this.#process = watched;
    this.#watchedPids = watchedPids;
    watchedPids.add(watched.pid);
  }

  get target(): string {
    return processTarget(this.#process);
  }

  async open(): Promise<void> {
    const missing = procMissing();
    if (missing !== undefined) throw new GaugewayError('usage', `process metrics: ${missing}`);
    this.#portrait = await portraitOf(this.#process.pid);
    this.#last = (await this.#measure()).usage;
  }

  async sample(sink: CollectorSink): Promise<void> {
    const before = this.#last;
    if (!before) return this.#follow(sink);
    const startedMs = performance.now();
    const { usage, data } = await this.#measureSameProcess(before);
    this.#last = usage;
    this.#portrait = this.#portrait && seenNow(this.#portrait);
    // A backend that ends between two reads can take its last ticks with it for one sample.
    const cpuPercent = Math.max(0, ((usage.cpuMs - before.cpuMs) / (usage.atMs - before.atMs)) * 100);
    sink.sample('process', this.target, performance.now() - startedMs, { ...data, cpuPercent });
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
  }

  async #measureSameProcess(before: Usage): Promise<Measured> {
    try {
      const measured = await this.#measure();
      if (measured.usage.startTicks !== before.startTicks) throw new ProcessEndedError(this.#process.pid);
      return measured;
    } catch (error) {
      if (error instanceof ProcessEndedError) this.#last = undefined;
      throw error;
    }
  }

  async #measure(): Promise<Measured> {
    const { pid, role } = this.#process;
    const atMs = nowMs();
    const own = await readProcStat(pid);
    const children = role === 'postgres' ? await childrenOf(pid) : [];
    const all = [{ pid, stat: own }, ...children];
    const memory = await Promise.all(all.map((member) => memoryOf(member.pid, member.pid === pid)));
    const openFiles = await Promise.all(all.map((member) => openFilesOf(member.pid, member.pid === pid)));
    return {
      usage: {
        atMs,
        // What ended backends used has moved to their parent, so that the sum never goes back.
        cpuMs: sum(all.map(({ stat }) => stat.cpuMs)) + (role === 'postgres' ? own.endedChildrenCpuMs : 0),
        startTicks: own.startTicks,
      },
      data: {
        pid,
        role,
        // Backends map the same shared buffers and the same program: each is counted once.
        rssBytes:
          sum(memory.map(({ rssAnonBytes }) => rssAnonBytes)) +
          Math.max(...memory.map(({ rssFileBytes }) => rssFileBytes)) +
          Math.max(...memory.map(({ rssShmemBytes }) => rssShmemBytes)),
        threads: sum(all.map(({ stat }) => stat.threads)),
        openFiles: openFiles.includes(null) ? null : sum(openFiles.map((count) => count ?? 0)),
      },
    };
  }
}

/** A postmaster has one thread, so that the children of its task are all its backends. */
async function childrenOf(parentPid: number): Promise<{ pid: number; stat: ProcStat }[]> {
  const pids = (await readProcFile(parentPid, `task/${parentPid}/children`)).split(' ').filter(Boolean);
  const children = await Promise.all(
    pids.map(Number).map(async (pid) => {
      const stat = await unlessEnded(() => readProcStat(pid));
      return stat?.parentPid === parentPid ? [{ pid, stat }] : [];
    }),
  );
  return children.flat();
}

async function memoryOf(
  pid: number,
  required: boolean,
): Promise<{ rssAnonBytes: number; rssFileBytes: number; rssShmemBytes: number }> {
  const read = (): ReturnType<typeof readProcStatus> => readProcStatus(pid);
  const none = { rssAnonBytes: 0, rssFileBytes: 0, rssShmemBytes: 0 };
  return required ? read() : ((await unlessEnded(read)) ?? none);
}

async function openFilesOf(pid: number, required: boolean): Promise<number | null> {
  const read = async (): Promise<number | null> => (await readOpenFiles(pid))?.length ?? null;
  if (required) return read();
  const count = await unlessEnded(read);
  return count === undefined ? 0 : count;
}

/** Backends come and go between the listing and the reading: those that are gone do not count. */
async function unlessEnded<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof ProcessEndedError) return undefined;
    throw error;
  }
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
