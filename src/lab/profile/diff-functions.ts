import { frameKind } from './frame-kind.ts';
import { frameWeights } from './frame-weights.ts';
import { indexIn } from './index-in.ts';
import { functionKey } from './match-functions.ts';
import type { Frame, Profile } from './profile.ts';

/** What a function takes in two profiles, as shares of 1 of what did not wait. */
export interface FunctionDiff {
  /** As `after` has it, or `before` where it is gone. */
  frame: Frame;
  selfBefore: number;
  selfAfter: number;
  totalBefore: number;
  totalAfter: number;
}

/**
 * The functions of two profiles, matched by {@link functionKey}; the greatest change of own share first, equal ones by
 * the change of their total. What waits is neither a row nor part of the whole. Both have to weigh the same unit:
 * RangeError otherwise.
 */
export function diffFunctions(before: Profile, after: Profile): FunctionDiff[] {
  if (before.unit !== after.unit) throw new RangeError(`${before.unit} and ${after.unit} do not compare`);
  const [old, now] = [sharesOf(before), sharesOf(after)];
  const keys = new Set([...now.keys(), ...old.keys()]);
  const rows: FunctionDiff[] = [];
  for (const key of keys) {
    const [was, is] = [old.get(key), now.get(key)];
    const frame = is?.frame ?? was?.frame;
    if (frame === undefined) continue;
    rows.push({
      frame,
      selfBefore: was?.self ?? 0,
      selfAfter: is?.self ?? 0,
      totalBefore: was?.total ?? 0,
      totalAfter: is?.total ?? 0,
    });
  }
  const own = (row: FunctionDiff): number => Math.abs(row.selfAfter - row.selfBefore);
  const all = (row: FunctionDiff): number => Math.abs(row.totalAfter - row.totalBefore);
  return rows.toSorted((a, b) => own(b) - own(a) || all(b) - all(a));
}

interface FunctionShares {
  frame: Frame;
  self: number;
  total: number;
}

function sharesOf(profile: Profile): Map<string, FunctionShares> {
  const functions: Frame[] = [];
  const functionOf = new Map<string, number>();
  const at = profile.frames.map((frame) => indexIn(functions, functionOf, functionKey(frame), frame));
  const working = profile.nodes.map(({ frame, parent, self }) => {
    const own = profile.frames[frame];
    const waits = own === undefined || frameKind(own) === 'waiting';
    return { frame: at[frame] ?? 0, parent, self: waits ? 0 : self };
  });
  const whole = working.reduce((sum, { self }) => sum + self, 0);
  const weights = frameWeights({ ...profile, frames: functions, nodes: working });
  const shares = new Map<string, FunctionShares>();
  functions.forEach((frame, index) => {
    if (frameKind(frame) === 'waiting' || whole <= 0) return;
    const [self, total] = [weights.self[index] ?? 0, weights.total[index] ?? 0];
    shares.set(functionKey(frame), { frame, self: self / whole, total: total / whole });
  });
  return shares;
}
