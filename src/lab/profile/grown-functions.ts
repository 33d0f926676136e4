import type { ProfileDiff } from './diff-profiles.ts';
import type { Frame } from './profile.ts';

/** Own shares (of 1) of one function in two profiles. */
export interface GrownFunction {
  frame: Frame;
  before: number;
  after: number;
}

/** Two standard errors: what differs by less is met by chance once in twenty times. */
const standardErrors = 1.96;

/**
 * Whether a function may seem to have grown only because other moments were sampled: the difference of two shares lies
 * within the error of sampling, by the pooled two-proportion z-test at 5 %.
 */
export function mayBeChance(
  { before, after }: Pick<GrownFunction, 'before' | 'after'>,
  samples: { before: number; after: number },
): boolean {
  if (samples.before === 0 || samples.after === 0) return true;
  const share = (before * samples.before + after * samples.after) / (samples.before + samples.after);
  const error = Math.sqrt(share * (1 - share) * (1 / samples.before + 1 / samples.after));
  return Math.abs(after - before) < standardErrors * error;
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
