import { ageWords } from '../quantity.ts';

/** What the figures of a table cover, as its title: a window, or all since the counters were set to zero. */
export function sinceWhen(counted: {
  windowMs: number | null;
  atMs: number;
  statsResetMs: number | null;
}): string {
  const { windowMs, atMs, statsResetMs } = counted;
  if (windowMs !== null) return `In ${(windowMs / 1000).toFixed(1)} s`;
  if (statsResetMs === null) return 'Since the statistics began, never reset';
  return `Since the last reset, ${ageWords(Math.max(0, (atMs - statsResetMs) / 1000))} ago`;
}
