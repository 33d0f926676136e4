import type { FrameMark } from '../../lab/profile/profile.ts';
import { frameClasses, type FrameClass } from '../../lab/profile/frame-class.ts';
import type { FlameFunction } from './call-tree.ts';
import { outermost, type FlameTree } from './flame-tree.ts';

/** What one function weighs over all its places, in the unit of its tree. */
export interface FunctionTime extends FlameFunction {
  fn: number;
  /** Where it weighs most; what calls it decides where the function itself is not known. */
  work: FrameClass;
  self: number;
  /** With everything it calls; a recursive call counts once. */
  total: number;
  /** Of a difference, in shares of 1. */
  before: { self: number; total: number } | null;
}

/** The functions of a tree, the heaviest of their own first. */
export function functionTimes(tree: FlameTree): FunctionTime[] {
  const size = tree.functions.length;
  const sums = Array.from({ length: 4 }, () => new Float64Array(size));
  const [self = new Float64Array(), total = self, selfBefore = self, totalBefore = self] = sums;
  const heaviest = new Float64Array(size).fill(-1);
  const work = new Uint8Array(size);
  const isOutermost = outermost(tree);
  for (let node = 1; node < tree.count; node += 1) {
    const fn = tree.fn[node] ?? 0;
    const own = tree.self[node] ?? 0;
    self[fn] = (self[fn] ?? 0) + own;
    selfBefore[fn] = (selfBefore[fn] ?? 0) + (tree.before?.self[node] ?? 0);
    if (own > (heaviest[fn] ?? 0)) {
      heaviest[fn] = own;
      work[fn] = tree.work[node] ?? 0;
    }
    if (isOutermost[node] === 0) continue;
    total[fn] = (total[fn] ?? 0) + (tree.total[node] ?? 0);
    totalBefore[fn] = (totalBefore[fn] ?? 0) + (tree.before?.total[node] ?? 0);
  }
  return tree.functions
    .flatMap((known, fn) =>
      (total[fn] ?? 0) === 0
        ? []
        : {
            ...known,
            fn,
            work: frameClasses[work[fn] ?? 0] ?? 'other',
            self: self[fn] ?? 0,
            total: total[fn] ?? 0,
            before: tree.before ? { self: selfBefore[fn] ?? 0, total: totalBefore[fn] ?? 0 } : null,
          },
    )
    .toSorted((a, b) => b.self - a.self);
}

/** What V8 told of a function, in words, e.g. `deoptimised 3×: wrong map`; empty when it told nothing. */
export function marksInWords(marks: readonly FrameMark[] | undefined): string {
  return (marks ?? []).map(({ kind, reason, count }) => `${kind} ${count}×: ${reason}`).join('; ');
}
