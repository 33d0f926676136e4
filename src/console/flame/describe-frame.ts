import { formatBytes, formatMs, formatNumber, formatShare } from '../format/format-value.ts';
import { frameClasses } from '../../lab/profile/frame-class.ts';
import type { WeightUnit } from './call-tree.ts';
import { classNames, kindNames } from './flame-colors.ts';
import { functionAt, type FlameTree } from './flame-tree.ts';
import { marksInWords } from './function-times.ts';

/** A weight with its unit. */
export function formatWeight(weight: number, unit: WeightUnit): string {
  if (unit === 'share') return formatShare(weight);
  if (unit === 'microseconds') return formatMs(weight / 1000);
  if (weight >= 1024 ** 2) return formatBytes(weight);
  return weight >= 1024 ? `${formatNumber(weight / 1024)} KiB` : `${formatNumber(weight)} bytes`;
}

/** Shares before and after, e.g. `12 % → 15 % (+3 points)`. */
export function formatChange(before: number, after: number): string {
  const points = (after - before) * 100;
  const sign = points < 0 ? '−' : '+';
  return `${formatShare(before)} → ${formatShare(after)} (${sign}${formatNumber(Math.abs(points))} points)`;
}

/** Share of the whole, and what it is a share of, in words. */
export const wholeNames: Record<WeightUnit, string> = {
  microseconds: 'the time',
  bytes: 'the bytes',
  share: 'both wholes',
};

/** What a frame weighs, in one sentence. `hasSelf` is false for turned trees, where callers weigh nothing themselves. */
export function describeFrame(tree: FlameTree, node: number, hasSelf: boolean): string {
  const { label, frame } = functionAt(tree, node);
  const total = tree.total[node] ?? 0;
  const self = tree.self[node] ?? 0;
  const marks = marksInWords(frame.marks);
  const more = marks === '' ? '' : `; ${marks}`;
  if (tree.before) {
    const before = tree.before.total[node] ?? 0;
    const selfBefore = tree.before.self[node] ?? 0;
    const own = hasSelf ? `; self ${formatChange(selfBefore, 2 * self - selfBefore)}` : '';
    return `${label}: ${formatChange(before, 2 * total - before)}${own}${more}`;
  }
  const share = total / Math.max(Number.MIN_VALUE, tree.total[0] ?? 0);
  const own = hasSelf ? `; self ${formatWeight(self, tree.unit)}` : '';
  return `${label}: ${formatWeight(total, tree.unit)}, ${formatShare(share)}${own}${more}`;
}

/** Whose code a frame is and what it does, e.g. `dependency, JSON`. */
export function describeWork(tree: FlameTree, node: number): string {
  const work = frameClasses[tree.work[node] ?? 0] ?? 'other';
  const kind = kindNames[functionAt(tree, node).kind];
  return work === 'other' || work === 'gc' || work === 'idle' ? kind : `${kind}, ${classNames[work]}`;
}
