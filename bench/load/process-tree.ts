import { readdirSync, readFileSync } from 'node:fs';
import { cpuClockOf } from '../hop/cpu-clock.ts';
import type { CpuClock } from '../hop/cpu-clock.ts';

/** A process and all that it has started (proc(5), /proc/PID/task/TID/children). */
export function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/** The CPU of these processes together. */
export function cpuClockOfAll(pids: readonly number[]): CpuClock {
  const clocks = pids.map(cpuClockOf);
  return () => clocks.reduce((sum, clock) => sum + clock(), 0);
}
