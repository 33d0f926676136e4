import type { ProfileDiff } from './diff-profiles.ts';
import type { Frame } from './profile.ts';

/** Own shares (of 1) of one function in two profiles. */
export interface GrownFunction {
  frame: Frame;
  before: number;
  after: number;
}

/** The functions of a difference by how much their own share grew, those that shrank the most last. */
export function grownFunctions({ frames, nodes }: ProfileDiff): GrownFunction[] {
  const grown = frames.map((frame) => ({ frame, before: 0, after: 0 }));
  for (const { frame, selfBefore, selfAfter } of nodes) {
    const known = grown[frame];
    if (known === undefined) continue;
    known.before += selfBefore;
    known.after += selfAfter;
  }
  return grown.toSorted((a, b) => b.after - b.before - (a.after - a.before));
}
