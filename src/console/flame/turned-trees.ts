import { CallTreeBuilder, type CallTree } from './call-tree.ts';
import { outermost, type FlameTree } from './flame-tree.ts';

/**
 * What weighs less, as a share of the tree, is not followed to its callers: there are as many of these as frames times
 * their depth, and they are too narrow to be seen. Weights of what is shown stay exact.
 */
const leastFollowed = 1e-4;

/** Nodes of a tree whose callers are still to be laid below a place, with what they bring there. */
interface Unfollowed {
  place: number;
  nodes: number[];
  weights: number[];
  before: number[];
}

/**
 * The tree from its leaves: below the root the functions that weigh of their own, each by its own weight, and below
 * them who called them. A stack ends at its outermost caller, or where it weighs too little to be followed.
 */
export function invert(tree: FlameTree): CallTree {
  const builder = new CallTreeBuilder(tree.unit, tree.functions, tree.before !== null);
  const first = new Map<number, Unfollowed>();
  for (let node = 1; node < tree.count; node += 1) {
    const self = tree.self[node] ?? 0;
    if (self > 0) follow(builder, tree, first, 0, node, self, tree.before?.self[node] ?? 0);
  }
  layCallers(builder, tree, [...first.values()]);
  builder.add(0, tree.self[0] ?? 0, tree.before?.self[0] ?? 0);
  return builder.tree;
}

/** Who calls a function, merged over all its places; recursion counts once. The root is the function itself. */
export function callersOf(tree: FlameTree, fn: number): CallTree {
  const builder = new CallTreeBuilder(tree.unit, tree.functions, tree.before !== null, fn);
  const nodes = placesOf(tree, fn);
  const weights = nodes.map((node) => tree.total[node] ?? 0);
  const before = nodes.map((node) => tree.before?.total[node] ?? 0);
  layCallers(builder, tree, [{ place: 0, nodes, weights, before }]);
  return builder.tree;
}

/** What a function calls, merged over all its places; recursion counts once. The root is the function itself. */
export function calleesOf(tree: FlameTree, fn: number): CallTree {
  const builder = new CallTreeBuilder(tree.unit, tree.functions, tree.before !== null, fn);
  const at = new Int32Array(tree.count);
  for (const top of placesOf(tree, fn)) {
    const pending = [top];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const place = at[node] ?? 0;
      builder.add(place, tree.self[node] ?? 0, tree.before?.self[node] ?? 0);
      for (let child = tree.firstChild[node] ?? 0; child < (tree.firstChild[node + 1] ?? 0); child += 1) {
        const weight = tree.total[child] ?? 0;
        at[child] = builder.child(place, tree.fn[child] ?? 0, tree.work[child] ?? 0, weight);
        pending.push(child);
      }
    }
  }
  return builder.tree;
}

function layCallers(builder: CallTreeBuilder, tree: FlameTree, pending: Unfollowed[]): void {
  const least = pending.reduce((sum, { weights }) => sum + sumOf(weights), 0) * leastFollowed;
  for (let group = pending.pop(); group; group = pending.pop()) {
    const { place, nodes, weights, before } = group;
    if (sumOf(weights) < least) {
      builder.add(place, sumOf(weights), sumOf(before));
      continue;
    }
    const callers = new Map<number, Unfollowed>();
    for (const [index, node] of nodes.entries()) {
      const caller = tree.parent[node] ?? -1;
      const [weight, weightBefore] = [weights[index] ?? 0, before[index] ?? 0];
      if (caller > 0) follow(builder, tree, callers, place, caller, weight, weightBefore);
      else builder.add(place, weight, weightBefore);
    }
    pending.push(...callers.values());
  }
}

/** Lays one node below a place, beside the others of its function. */
function follow(
  builder: CallTreeBuilder,
  tree: FlameTree,
  groups: Map<number, Unfollowed>,
  below: number,
  node: number,
  weight: number,
  before: number,
): void {
  const fn = tree.fn[node] ?? 0;
  const place = builder.child(below, fn, tree.work[node] ?? 0, weight);
  const group = groups.get(fn);
  if (group) {
    group.nodes.push(node);
    group.weights.push(weight);
    group.before.push(before);
  } else groups.set(fn, { place, nodes: [node], weights: [weight], before: [before] });
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function placesOf(tree: FlameTree, fn: number): number[] {
  const isOutermost = outermost(tree);
  const places: number[] = [];
  for (let node = 0; node < tree.count; node += 1) {
    if (tree.fn[node] === fn && isOutermost[node] === 1) places.push(node);
  }
  return places;
}
