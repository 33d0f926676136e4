import type { ProfiledProcess } from './profiled-processes.ts';

/** So much more in functions than on a core is not the coarseness of samples. */
const mostApartPercent = 15;

/**
 * Says that functions waited where a process was seen in them for longer than it used a core: V8 counts the time that
 * passes, and py-spy what is ready to run. perf counts CPU alone. Percent are of one core.
 */
export function waitedLine(process: {
  pid: number;
  profiler: ProfiledProcess['profiler'];
  cpuPercent: number | null;
  inFunctionsPercent: number;
}): string[] {
  const { pid, profiler, cpuPercent, inFunctionsPercent } = process;
  if (profiler === 'perf' || cpuPercent === null) return [];
  if (inFunctionsPercent < cpuPercent + mostApartPercent) return [];
  return [
    `pid ${pid} was in functions for ${inFunctionsPercent.toFixed(0)} % of the time and used ${cpuPercent.toFixed(0)} % of a core: ` +
      'the rest is waiting, in calls of the system (files, locks, child processes) or for a core.',
  ];
}
