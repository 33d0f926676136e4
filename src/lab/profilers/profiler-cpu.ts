import { basename } from 'node:path';
import {
  procMissing,
  readChildPids,
  readProcFile,
  readProcStat,
  unlessEnded,
} from '../../shared/proc-files.ts';

/** Programs that the lab starts to profile others, by the name that the kernel shows of them. */
const profilers: readonly string[] = ['py-spy', 'perf'];
/** What starts py-spy in a container; of them, the words of the command line tell what they start. */
const launchers: readonly string[] = ['nsenter', 'setpriv', 'unshare'];

/**
 * CPU of the programs that profile for this process: its children py-spy and perf, what starts them in a container, and
 * what all these have started, also when they have ended.
 */
export class ProfilerCpu {
  /** Of the children that ran at the last look. */
  #running = new Map<number, { isProfiler: boolean; cpuMs: number }>();
  #endedMs: number | undefined;

  /** Milliseconds of CPU since the last call; none at the first, and where there is no `/proc`. */
  async takeMs(): Promise<number> {
    if (procMissing() !== undefined) return 0;
    const before = this.#running;
    const running = await runningChildren(before);
    const { endedChildrenCpuMs } = await readProcStat(process.pid);
    const ended = [...before].filter(([pid]) => !running.has(pid)).map(([, child]) => child);
    // What ends between two looks is counted with all that it used, less what was counted of it already. Where another
    // child ended too (a load generator, say), nobody can tell whose the rest is.
    const endedMs = endedChildrenCpuMs - (this.#endedMs ?? endedChildrenCpuMs);
    const restMs = ended.every(({ isProfiler }) => isProfiler)
      ? endedMs - ended.reduce((sum, { cpuMs }) => sum + cpuMs, 0)
      : 0;
    const grownMs = [...running].reduce(
      (sum, [pid, { isProfiler, cpuMs }]) => (isProfiler ? sum + cpuMs - (before.get(pid)?.cpuMs ?? 0) : sum),
      0,
    );
    this.#running = running;
    this.#endedMs = endedChildrenCpuMs;
    return Math.max(0, restMs) + grownMs;
  }
}

async function runningChildren(
  known: ReadonlyMap<number, { isProfiler: boolean }>,
): Promise<Map<number, { isProfiler: boolean; cpuMs: number }>> {
  const children = await Promise.all(
    (await readChildPids(process.pid)).map(async (pid) =>
      unlessEnded(async () => {
        const isProfiler = known.get(pid)?.isProfiler ?? (await startsProfiler(pid));
        const cpuMs = isProfiler ? await wholeCpuMs(pid) : (await readProcStat(pid)).cpuMs;
        return [pid, { isProfiler, cpuMs }] as const;
      }),
    ),
  );
  return new Map(children.filter((child) => child !== undefined));
}

async function startsProfiler(pid: number): Promise<boolean> {
  const name = (await readProcFile(pid, 'comm')).trim();
  if (!launchers.includes(name)) return profilers.includes(name);
  const words = (await readProcFile(pid, 'cmdline')).split('\0');
  return words.some((word) => profilers.includes(basename(word)));
}

/** With what it has started: when it ends, the kernel counts it all as that of a child of ours. */
async function wholeCpuMs(pid: number): Promise<number> {
  // First, so that a child that ends meanwhile is not counted twice.
  const { cpuMs, endedChildrenCpuMs } = await readProcStat(pid);
  const children = await readChildPids(pid);
  const ofChildren = await Promise.all(children.map((child) => unlessEnded(() => wholeCpuMs(child))));
  return ofChildren.reduce<number>((sum, ms = 0) => sum + ms, cpuMs + endedChildrenCpuMs);
}
