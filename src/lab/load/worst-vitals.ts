import type { GeneratorVitals } from '../timeline/samples.ts';
import { openShare } from './generator-limits.ts';

/**
 * The whole generator as its worst process in each respect, for one that is saturated spoils the figures of all;
 * starts and memory are added, open files are those of the process that is nearest to its limit.
 */
export function worstVitals(processes: readonly GeneratorVitals[]): GeneratorVitals {
  const max = (of: (vitals: GeneratorVitals) => number): number => Math.max(0, ...processes.map(of));
  const sum = (of: (vitals: GeneratorVitals) => number): number =>
    processes.reduce((total, vitals) => total + of(vitals), 0);
  const [fullest] = processes.toSorted((a, b) => (openShare(b) ?? 0) - (openShare(a) ?? 0));
  return {
    cpuPercent: max(({ cpuPercent }) => cpuPercent),
    eventLoopDelayP99Ms: max(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms),
    lateStarts: sum(({ lateStarts }) => lateStarts),
    plannedStarts: sum(({ plannedStarts }) => plannedStarts),
    maxLateMs: max(({ maxLateMs }) => maxLateMs),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    ...(fullest?.openFiles === undefined ? {} : { openFiles: fullest.openFiles }),
    ...(fullest?.maxOpenFiles === undefined ? {} : { maxOpenFiles: fullest.maxOpenFiles }),
    exhaustedConnects: sum(({ exhaustedConnects = 0 }) => exhaustedConnects),
  };
}
