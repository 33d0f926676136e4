import type { Phase, Timed } from '../diagnose/artifacts.ts';
import { counterGrowth } from '../diagnose/computed/statistics.ts';
import { elapsedS } from '../diagnose/computed/window.ts';
import type { GapSpan } from './gap-spans.ts';

/** The first reading may lie this far before the phase, or the source is too slow for so short a phase. */
const reachShare = 0.5;
const tickMs = 1000;

/**
 * Growth per second of cumulative counters in a phase, all targets and all counters together: from the last reading
 * before the phase to the last one in it. Each counter is followed by its name, because a list of the top ones changes.
 * What lies between two readings with a gap between them counts neither as growth nor as time: the counter may have been
 * reset meanwhile. Null where fewer than two readings tell it.
 */
export function growthIn<T>(
  series: ReadonlyMap<string, Timed<T>[]>,
  phase: Phase,
  read: (data: T) => number | Iterable<[name: string, value: number]>,
  gaps: readonly GapSpan[] = [],
): number | null {
  const rates = [...series].flatMap(([target, samples]) => {
    const gapsOfTarget = gaps.filter((gap) => gap.target === target);
    const stretches = stretchesOf(readingsOf(samples, phase), gapsOfTarget);
    const seconds = stretches.reduce((total, readings) => total + elapsedS(readings), 0);
    if (seconds === 0) return [];
    return [stretches.reduce((total, readings) => total + growthOf(readings, read), 0) / seconds];
  });
  return rates.length === 0 ? null : rates.reduce((total, rate) => total + rate, 0);
}

function growthOf<T>(
  readings: readonly Timed<T>[],
  read: (data: T) => number | Iterable<[name: string, value: number]>,
): number {
  const byName = new Map<string, number[]>();
  for (const { data } of readings) {
    const counters = read(data);
    for (const [name, value] of typeof counters === 'number' ? [['', counters] as const] : counters) {
      byName.set(name, [...(byName.get(name) ?? []), value]);
    }
  }
  return [...byName.values()].reduce((total, values) => total + counterGrowth(values), 0);
}

/** Readings with no gap between them. */
function stretchesOf<T>(readings: readonly Timed<T>[], gaps: readonly GapSpan[]): Timed<T>[][] {
  const stretches: Timed<T>[][] = [];
  for (const reading of readings) {
    const stretch = stretches.at(-1);
    const beforeMs = stretch?.at(-1)?.atMs;
    const isCut =
      beforeMs === undefined || gaps.some(({ startMs, endMs }) => startMs < reading.atMs && endMs > beforeMs);
    if (stretch === undefined || isCut) stretches.push([reading]);
    else stretch.push(reading);
  }
  return stretches;
}

function readingsOf<T>(samples: readonly Timed<T>[], { startMs, endMs }: Phase): Timed<T>[] {
  const reachMs = Math.max(tickMs, (endMs - startMs) * reachShare);
  const before = samples.findLast(({ atMs }) => atMs <= startMs && atMs >= startMs - reachMs);
  const within = samples.filter(({ atMs }) => atMs > startMs && atMs <= endMs);
  return before === undefined ? within : [before, ...within];
}
