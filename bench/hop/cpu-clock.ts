import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { hasErrorCode } from '../../src/shared/system-error.ts';

/** CPU that a process has used so far, user and system, in microseconds. */
export type CpuClock = () => number;

/** The clock of a process on Linux: nanoseconds of the scheduler, or ticks of 10 ms on a kernel without them. */
export function cpuClockOf(pid: number): CpuClock {
  return existsSync(`/proc/${pid}/task/${pid}/schedstat`) ? threadClock(pid) : tickClock(pid);
}

/** Sums up the first field of each thread's schedstat; threads that ended since keep what they had used. */
function threadClock(pid: number): CpuClock {
  const nsByThread = new Map<string, number>();
  return () => {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      try {
        nsByThread.set(
          thread,
          Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')),
        );
      } catch (error) {
        // It ended between the two looks.
        if (!hasErrorCode(error, 'ENOENT', 'ESRCH')) throw error;
      }
    }
    return [...nsByThread.values()].reduce((sum, ns) => sum + ns, 0) / 1000;
  };
}

/** utime and stime of /proc/PID/stat (proc(5), fields 14 and 15), in ticks of 1/100 s. */
function tickClock(pid: number): CpuClock {
  return () => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  };
}
