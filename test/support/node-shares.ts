import { frameKind } from '../../src/lab/profile/frame-kind.ts';
import type { Profile } from '../../src/lab/profile/profile.ts';
import { stackOf } from '../../src/lab/profile/frame-label.ts';

/** The part of a profile's time that was spent in a function and what it called, 0 to 1. */
export function inclusiveShare(profile: Profile, name: string): number {
  let insideUs = 0;
  let allUs = 0;
  for (const { node, weight } of profile.samples) {
    allUs += weight;
    if (stackOf(profile, node).some((frame) => profile.frames[frame]?.name === name)) insideUs += weight;
  }
  return allUs === 0 ? 0 : insideUs / allUs;
}

/** The function of the program itself in which most time was spent, with what it called of V8 and Node. */
export function hottestFunction(profile: Profile): string | undefined {
  const spentUs = new Map<string, number>();
  for (const { node, weight } of profile.samples) {
    const own = stackOf(profile, node)
      .flatMap((frame) => profile.frames[frame] ?? [])
      .findLast((frame) => frameKind(frame) === 'own');
    if (own !== undefined) spentUs.set(own.name, (spentUs.get(own.name) ?? 0) + weight);
  }
  return [...spentUs].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

/**
 * By how much the share of a function can be off, 0 to 1, as samples of a thread that waits for a core are far apart: one
 * that stands for longer than `turnMs` counts for one function, though others ran meanwhile. Four standard errors of as
 * many independent draws; 0 for a thread that has a core.
 */
export function shareError(profile: Profile, turnMs: number): number {
  const allUs = profile.samples.reduce((sum, { weight }) => sum + weight, 0);
  const long = profile.samples.filter(({ weight }) => weight > turnMs * 1000);
  const squares = long.reduce((sum, { weight }) => sum + weight ** 2, 0);
  return allUs === 0 ? 0 : (4 * Math.sqrt(squares / 4)) / allUs;
}
