import { CallTreeBuilder, type CallTree } from './call-tree.ts';
import { outermost, type FlameTree } from './flame-tree.ts';

/**
 * The tree from its leaves: below the root the functions that weigh of their own, each by its own weight, and below
 * them who called them. A stack ends at its outermost caller.
 */
export function invert(tree: FlameTree): CallTree {
  const builder = new CallTreeBuilder(tree.unit, tree.functions, tree.before !== null);
  for (let node = 0; node < tree.count; node += 1) {
    const self = tree.self[node] ?? 0;
    if (self > 0) layCallers(builder, tree, node, 0, self, tree.before?.self[node] ?? 0);
  }
  return builder.tree;
}

/** Who calls a function, merged over all its places; recursion counts once. The root is the function itself. */
export function callersOf(tree: FlameTree, fn: number): CallTree {
  const builder = new CallTreeBuilder(tree.unit, tree.functions, tree.before !== null, fn);
  for (const node of placesOf(tree, fn)) {
    const above = tree.parent[node] ?? -1;
    const [total, before] = [tree.total[node] ?? 0, tree.before?.total[node] ?? 0];
    if (above > 0) layCallers(builder, tree, above, 0, total, before);
    else builder.add(0, total, before);
  }
  return builder.tree;
}

/** What a function calls, merged over all its places; recursion counts once. The root is the function itself. */
export function calleesOf(tree: FlameTree, fn: number): CallTree {
  const builder = new CallTreeBuilder(tree.unit, tree.functions, tree.before !== null, fn);
  for (const top of placesOf(tree, fn)) {
    const at = new Map([[top, 0]]);
    const pending = [top];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      const place = at.get(node) ?? 0;
      builder.add(place, tree.self[node] ?? 0, tree.before?.self[node] ?? 0);
      for (let child = tree.firstChild[node] ?? 0; child < (tree.firstChild[node + 1] ?? 0); child += 1) {
        const weight = tree.total[child] ?? 0;
        at.set(child, builder.child(place, tree.fn[child] ?? 0, tree.work[child] ?? 0, weight));
        pending.push(child);
      }
    }
  }
  return builder.tree;
}

function layCallers(
  builder: CallTreeBuilder,
  tree: FlameTree,
  from: number,
  below: number,
  weight: number,
  before: number,
): void {
  let place = below;
  for (let node = from; node > 0; node = tree.parent[node] ?? -1) {
    place = builder.child(place, tree.fn[node] ?? 0, tree.work[node] ?? 0, weight);
  }
  builder.add(place, weight, before);
}

function placesOf(tree: FlameTree, fn: number): number[] {
  const isOutermost = outermost(tree);
  const places: number[] = [];
  for (let node = 0; node < tree.count; node += 1) {
    if (tree.fn[node] === fn && isOutermost[node] === 1) places.push(node);
  }
  return places;
}
