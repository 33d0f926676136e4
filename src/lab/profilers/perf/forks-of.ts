import { uptime } from 'node:os';
import {
  readChildPids,
  readProcLink,
  readProcStat,
  ticksPerSecond,
  unlessEnded,
} from '../../../shared/proc-files.ts';

/**
 * The processes that a native process has forked to share its work, and their forks: backends of PostgreSQL, workers of
 * nginx. What it started of another program is none. Throws as `readProcFile` does for the process itself.
 */
export async function forksOf(pid: number): Promise<number[]> {
  const program = await readProcLink(pid, 'exe');
  const children = await readChildPids(pid);
  const forks = await Promise.all(
    children.map(async (child) => {
      const isFork = await unlessEnded(async () => (await readProcLink(child, 'exe')) === program);
      return isFork === true ? [child, ...((await unlessEnded(() => forksOf(child))) ?? [])] : [];
    }),
  );
  return forks.flat();
}

/** Those of the processes that have lived for a second, and are likely to live on. */
export async function settled(pids: readonly number[]): Promise<number[]> {
  const youngest = (uptime() - 1) * ticksPerSecond;
  const old = await Promise.all(
    pids.map(async (pid) => {
      const isOld = await unlessEnded(async () => (await readProcStat(pid)).startTicks < youngest);
      return isOld === true ? [pid] : [];
    }),
  );
  return old.flat();
}
