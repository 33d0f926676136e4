import type { CallTree, FlameFunction, WeightUnit } from './call-tree.ts';

/**
 * A call tree laid out to be drawn, in flat columns: level by level, within a level from the left. So the children of
 * a node lie side by side (from `firstChild[node]` to `firstChild[node + 1]`), as do the nodes of a level.
 */
export interface FlameTree {
  unit: WeightUnit;
  functions: readonly FlameFunction[];
  count: number;
  fn: Int32Array;
  work: Uint8Array;
  parent: Int32Array;
  level: Int32Array;
  firstChild: Int32Array;
  /** Where each level begins; one more than there are levels. */
  levelStart: number[];
  self: Float64Array;
  total: Float64Array;
  /** Where a node begins from the left, in the weight of the tree. */
  start: Float64Array;
  before: { self: Float64Array; total: Float64Array } | null;
}

/** Sums weights upwards and places children from the widest on, before the caller's own. What weighs nothing is left out. */
export function layOut(calls: CallTree): FlameTree {
  const size = calls.fn.length;
  const total = sumUp(calls.self, calls.parent);
  const totalBefore = calls.selfBefore ? sumUp(calls.selfBefore, calls.parent) : null;
  const children = childrenOf(calls.parent, total);
  const order = new Int32Array(size);
  const placed = new Int32Array(size);
  const levels = new Int32Array(size);
  const starts = new Float64Array(size);
  const firstChild = new Int32Array(size + 1);
  const levelStart: number[] = [0];
  let count = 1;
  for (let at = 0; at < count; at += 1) {
    const node = order[at] ?? 0;
    firstChild[at] = count;
    const level = levels[at] ?? 0;
    if (level === levelStart.length) levelStart.push(at);
    let start = starts[at] ?? 0;
    const { list, first } = children;
    for (let each = first[node] ?? 0; each < (first[node + 1] ?? 0); each += 1) {
      const child = list[each] ?? 0;
      order[count] = child;
      placed[count] = at;
      levels[count] = level + 1;
      starts[count] = start;
      start += total[child] ?? 0;
      count += 1;
    }
  }
  firstChild[count] = count;
  levelStart.push(count);
  const reorder = (column: ArrayLike<number>): Float64Array =>
    Float64Array.from({ length: count }, (_, at) => column[order[at] ?? 0] ?? 0);
  placed[0] = -1;
  return {
    unit: calls.unit,
    functions: calls.functions,
    count,
    fn: Int32Array.from(reorder(calls.fn)),
    work: Uint8Array.from(reorder(calls.work)),
    parent: placed.subarray(0, count),
    level: levels.subarray(0, count),
    firstChild: firstChild.subarray(0, count + 1),
    levelStart,
    self: reorder(calls.self),
    total: reorder(total),
    start: starts.subarray(0, count),
    before:
      calls.selfBefore && totalBefore
        ? { self: reorder(calls.selfBefore), total: reorder(totalBefore) }
        : null,
  };
}

function sumUp(self: readonly number[], parent: readonly number[]): Float64Array {
  const total = Float64Array.from(self);
  for (let node = total.length - 1; node > 0; node -= 1) {
    const above = parent[node] ?? 0;
    total[above] = (total[above] ?? 0) + (total[node] ?? 0);
  }
  return total;
}

/** Children of each node in one list, the widest first: those of a node from `first[node]` to `first[node + 1]`. */
function childrenOf(parent: readonly number[], total: Float64Array): { list: Int32Array; first: Int32Array } {
  const first = new Int32Array(parent.length + 1);
  const isShown = (node: number): boolean => node > 0 && (total[node] ?? 0) > 0;
  for (let node = 1; node < parent.length; node += 1) {
    if (!isShown(node)) continue;
    const slot = (parent[node] ?? 0) + 1;
    first[slot] = (first[slot] ?? 0) + 1;
  }
  for (let node = 0; node < parent.length; node += 1) {
    first[node + 1] = (first[node + 1] ?? 0) + (first[node] ?? 0);
  }
  const next = first.slice();
  const list = new Int32Array(first[parent.length] ?? 0);
  for (let node = 1; node < parent.length; node += 1) {
    if (!isShown(node)) continue;
    const above = parent[node] ?? 0;
    list[next[above] ?? 0] = node;
    next[above] = (next[above] ?? 0) + 1;
  }
  for (let node = 0; node < parent.length; node += 1) {
    const own = list.subarray(first[node] ?? 0, first[node + 1] ?? 0);
    if (own.length > 1) own.sort((a, b) => (total[b] ?? 0) - (total[a] ?? 0) || a - b);
  }
  return { list, first };
}

/** The function of a node; that of the root for what is no node. */
export function functionAt(tree: FlameTree, node: number): FlameFunction {
  const found = tree.functions[tree.fn[node] ?? 0] ?? tree.functions[0];
  if (found === undefined) throw new RangeError('a flame tree has at least the function of its root');
  return found;
}

/** The node of a level that covers `weight` from the left, or -1. */
export function nodeAt(tree: FlameTree, level: number, weight: number): number {
  if (level < 0 || level >= tree.levelStart.length - 1) return -1;
  const node = lastStartingBefore(tree, level, weight);
  if (node < 0) return -1;
  return weight < (tree.start[node] ?? 0) + (tree.total[node] ?? 0) ? node : -1;
}

/** The first node of a level that reaches beyond `weight`: where drawing begins. At least the level's first. */
export function firstVisible(tree: FlameTree, level: number, weight: number): number {
  const node = lastStartingBefore(tree, level, weight);
  return node < 0 ? (tree.levelStart[level] ?? 0) : node;
}

function lastStartingBefore(tree: FlameTree, level: number, weight: number): number {
  const begin = tree.levelStart[level] ?? 0;
  let low = begin;
  let high = tree.levelStart[level + 1] ?? 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tree.start[middle] ?? 0) <= weight) low = middle + 1;
    else high = middle;
  }
  return low > begin ? low - 1 : -1;
}

/** From the root to `node`. */
export function pathTo(tree: FlameTree, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at >= 0; at = tree.parent[at] ?? -1) path.push(at);
  return path.toReversed();
}

/** 1 for each node that none of its callers shares the function of, so that recursion counts once. */
export function outermost(tree: FlameTree): Uint8Array {
  const isOutermost = new Uint8Array(tree.count);
  const open = new Int32Array(tree.functions.length);
  const pending = [0];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next < 0) {
      const left = tree.fn[~next] ?? 0;
      open[left] = (open[left] ?? 0) - 1;
      continue;
    }
    const fn = tree.fn[next] ?? 0;
    if (open[fn] === 0) isOutermost[next] = 1;
    open[fn] = (open[fn] ?? 0) + 1;
    pending.push(~next);
    for (let child = tree.firstChild[next] ?? 0; child < (tree.firstChild[next + 1] ?? 0); child += 1) {
      pending.push(child);
    }
  }
  return isOutermost;
}
