import type { ObservedLoad } from '../../timeline/samples.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';

/** The load of the whole run in order of time, all generators: what {@link loadAt} looks into. */
export const loadOverTime = defineFact(['load'], ({ load }): Timed<ObservedLoad>[] =>
  [...load.values()].flat().toSorted((a, b) => a.atMs - b.atMs),
);

/** How many users there were at a moment and how many requests finished a second; undefined before and after the load. */
export function loadAt(
  samples: readonly Timed<ObservedLoad>[],
  atMs: number,
): { users: number; requestsPerSecond: number } | undefined {
  const covering = samples.find(
    (sample) => sample.atMs >= atMs && sample.atMs - sample.data.windowMs <= atMs,
  );
  if (covering === undefined) return undefined;
  const { users, byName, windowMs } = covering.data;
  const requests = Object.values(byName).reduce((sum, window) => sum + window.requests, 0);
  return { users, requestsPerSecond: (requests * 1000) / Math.max(1, windowMs) };
}
