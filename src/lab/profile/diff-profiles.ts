import { indexIn } from './index-in.ts';
import { frameKey } from './merge-profiles.ts';
import type { Frame, Profile, ProfileUnit } from './profile.ts';

/** Two call trees laid over each other. Weights are shares of 1 of the whole, so that runs of other lengths compare. */
export interface ProfileDiff {
  unit: ProfileUnit;
  frames: Frame[];
  /** Index 0 is the root, a parent comes before its children. */
  nodes: DiffNode[];
  /** Whole weights, to turn shares back. */
  before: number;
  after: number;
}

export interface DiffNode {
  frame: number;
  /** -1 for the root. */
  parent: number;
  selfBefore: number;
  selfAfter: number;
}

/**
 * Where `after` differs from `before`. `counts` leaves frames out of both wholes, e.g. waiting, so that an idle minute
 * does not shrink everything. Both have to weigh the same unit: RangeError otherwise.
 */
export function diffProfiles(
  before: Profile,
  after: Profile,
  counts: (frame: Frame) => boolean = () => true,
): ProfileDiff {
  if (before.unit !== after.unit) throw new RangeError(`${before.unit} and ${after.unit} do not compare`);
  const frames: Frame[] = [];
  const frameOf = new Map<string, number>();
  const nodes: DiffNode[] = [];
  const nodeOf = new Map<string, number>();
  const lay = (profile: Profile, side: 'selfBefore' | 'selfAfter'): number => {
    const whole = weightOf(profile, counts);
    const at: number[] = [];
    for (const node of profile.nodes) {
      const own = profile.frames[node.frame] ?? { name: '', file: '', line: 0, column: 0 };
      const parent = node.parent < 0 ? -1 : (at[node.parent] ?? -1);
      const frame = indexIn(frames, frameOf, frameKey(own), own);
      const index = indexIn(nodes, nodeOf, `${parent} ${frame}`, {
        frame,
        parent,
        selfBefore: 0,
        selfAfter: 0,
      });
      const laid = nodes[index];
      if (laid !== undefined && whole > 0 && counts(own)) laid[side] += node.self / whole;
      at.push(index);
    }
    return whole;
  };
  const weightBefore = lay(before, 'selfBefore');
  const weightAfter = lay(after, 'selfAfter');
  return { unit: before.unit, frames, nodes, before: weightBefore, after: weightAfter };
}

function weightOf({ nodes, frames }: Profile, counts: (frame: Frame) => boolean): number {
  return nodes.reduce((sum, { frame, self }) => {
    const own = frames[frame];
    return own !== undefined && counts(own) ? sum + self : sum;
  }, 0);
}
