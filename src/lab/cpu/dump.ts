import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { ProcessEndedError } from '../../shared/proc-files.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import { describeThread, readMainThreadState } from '../profilers/node/thread-states.ts';
import type { CpuProfiler, ThreadNow, WaitingFor } from '../profilers/profiler.ts';
import { type Runtime, runtimeOf } from '../profilers/runtime-of.ts';
import { commandOf } from './command-of.ts';

/** What processes are doing at one moment. */
export interface DumpDocument {
  command: 'cpu dump';
  /** ISO 8601. */
  at: string;
  processes: DumpedProcess[];
}

export interface DumpedProcess {
  pid: number;
  name: string;
  command: string;
  runtime: Runtime | null;
  /** The main one first; of a process that cannot be attached to, what the kernel tells of it. */
  threads: ThreadNow[];
  /** Of an event loop; null where that is not told. */
  waiting: WaitingFor | null;
  /** Why more could not be told; null where nothing is missing. */
  fault: string | null;
}

/**
 * Takes one look at each. What ended, or does not show itself, is told to `note` and leaves the others alone. Throws
 * GaugewayError as a single look does when none is left.
 */
export async function dumpProcesses(
  chosen: readonly WatchedProcess[],
  open: (pid: number) => Promise<CpuProfiler>,
  note: (text: string) => void,
): Promise<DumpedProcess[]> {
  const faults: GaugewayError[] = [];
  const dumped = await Promise.all(
    chosen.map(async (each) => {
      try {
        return [await dumpProcess(each, open)];
      } catch (error) {
        if (!(error instanceof GaugewayError)) throw error;
        faults.push(error);
        return [];
      }
    }),
  );
  if (dumped.every((own) => own.length === 0) && faults[0] !== undefined) throw faults[0];
  for (const { message } of faults) note(message);
  return dumped.flat();
}

/** Takes one look at a process, and leaves it as it was found. Throws ProcessEndedError when it is gone. */
async function dumpProcess(
  { pid, name }: WatchedProcess,
  open: (pid: number) => Promise<CpuProfiler>,
): Promise<DumpedProcess> {
  const [command, runtime] = await Promise.all([commandOf(pid), runtimeOf(pid)]);
  const about = { pid, name, command, runtime };
  try {
    const profiler = await open(pid);
    try {
      const threads = (await profiler.stackNow?.()) ?? [await kernelThread(pid)];
      const isBlocked = threads.some(({ state }) => state === 'blocked');
      // A loop that does not answer would only be waited for.
      const waiting = isBlocked ? null : ((await profiler.waiting?.()) ?? null);
      return { ...about, threads, waiting, fault: null };
    } finally {
      await profiler.close();
    }
  } catch (error) {
    if (!(error instanceof GaugewayError) || error instanceof ProcessEndedError) throw error;
    return { ...about, threads: [await kernelThread(pid)], waiting: null, fault: messageOf(error) };
  }
}

/** The main thread as the kernel sees it, for a process whose runtime does not tell. */
async function kernelThread(pid: number): Promise<ThreadNow> {
  const system = await readMainThreadState(pid);
  return {
    thread: 'main',
    state: system.state === 'running' ? 'running' : 'blocked',
    busyShare: system.state === 'running' ? 1 : 0,
    stack: [],
    system,
    says: describeThread(system),
  };
}
