import { mergeProfiles } from './merge-profiles.ts';
import type { Profile } from './profile.ts';
import { sliceProfile } from './slice-profile.ts';

export interface RangeProfile {
  profile: Profile;
  /** The windows that it is of, as indices of those that were given. */
  windows: number[];
  /** The time that the profile really is of. */
  startMs: number;
  endMs: number;
  /** False when a window without order in time had to be taken whole, so that time outside of the range counts too. */
  isExact: boolean;
}

/**
 * What was done between `fromMs` and `toMs`: windows in order of time are cut at the edges. One without order is taken
 * whole when half of it lies in the range; when none does, the one with the most of the range. Undefined where no
 * window reaches into the range.
 */
export function profileInRange(
  windows: readonly Profile[],
  fromMs: number,
  toMs: number,
  name: string,
): RangeProfile | undefined {
  const insideMs = ({ startMs, endMs }: Profile): number => Math.min(endMs, toMs) - Math.max(startMs, fromMs);
  const cut = windows.flatMap((window, at) => {
    const isTaken = window.order === 'time' || insideMs(window) * 2 >= window.endMs - window.startMs;
    const part = isTaken ? sliceProfile(window, fromMs, toMs) : undefined;
    return part === undefined ? [] : [{ at, part }];
  });
  const parts = cut.length > 0 ? cut : nearestOf(windows, insideMs);
  if (parts.length === 0) return undefined;
  const startMs = Math.min(...parts.map(({ part }) => part.startMs));
  const endMs = Math.max(...parts.map(({ part }) => part.endMs));
  return {
    profile: mergeProfiles(
      parts.map(({ part }) => part),
      name,
    ),
    windows: parts.map(({ at }) => at),
    startMs,
    endMs,
    isExact: startMs >= fromMs && endMs <= toMs,
  };
}

function nearestOf(
  windows: readonly Profile[],
  insideMs: (window: Profile) => number,
): { at: number; part: Profile }[] {
  const reaching = windows.flatMap((part, at) => (insideMs(part) > 0 ? [{ at, part }] : []));
  const nearest = reaching.toSorted((a, b) => insideMs(b.part) - insideMs(a.part))[0];
  return nearest === undefined ? [] : [nearest];
}
