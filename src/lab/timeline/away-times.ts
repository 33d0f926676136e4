import type { Phase } from '../diagnose/artifacts.ts';
import type { RunDocument } from '../run-document.ts';
import type { CollectorTally } from './collector-tallies.ts';
import type { GapSpan } from './gap-spans.ts';

export type AwayTime = NonNullable<RunDocument['away']>[number];

/** The edge of a gap in the next phase says nothing of that phase. */
const leastMs = 500;

/** How long of each phase a source was away that could be read at another time of the run, in order. Pure. */
export function awayTimes(
  gaps: readonly GapSpan[],
  phases: readonly Phase[],
  tallies: readonly CollectorTally[],
): AwayTime[] {
  const wasRead = (source: string, target: string): boolean =>
    tallies.some((tally) => tally.name === source && tally.target === target && tally.samples > 0);
  const times = new Map<string, AwayTime>();
  for (const { source, target, startMs, endMs } of gaps) {
    if (!wasRead(source, target)) continue;
    for (const phase of phases) {
      const awayMs = Math.min(endMs, phase.endMs) - Math.max(startMs, phase.startMs);
      if (awayMs < leastMs) continue;
      const key = [source, target, phase.name].join('\n');
      const known = times.get(key) ?? { source, target, phase: phase.name, awayMs: 0 };
      known.awayMs += awayMs;
      times.set(key, known);
    }
  }
  return [...times.values()];
}
