import { pathTo, type FlameTree } from './flame-tree.ts';

/** What a search found in a tree. */
export interface FlameMatches {
  /** Whether anything was looked for at all. */
  isSearching: boolean;
  /** 1 for each function that matches, by its index. */
  functions: Uint8Array;
  /** The nodes that match, level by level from the left. */
  nodes: number[];
  /** Weight of the matches with what they call, nested ones counted once. */
  total: number;
  /** Why a pattern was taken as plain text. */
  mistake: string | null;
}

/**
 * Finds functions by name and place: a text in any case, or a pattern between slashes, e.g. `/^parse|json/`. A pattern
 * that is none is looked for as text, and told.
 */
export function searchFlame(tree: FlameTree, text: string): FlameMatches {
  const { test, mistake } = readQuery(text.trim());
  const functions = new Uint8Array(tree.functions.length);
  const nodes: number[] = [];
  let total = 0;
  if (test === null) return { isSearching: false, functions, nodes, total, mistake };
  tree.functions.forEach(({ label }, fn) => {
    if (fn > 0 && test(label)) functions[fn] = 1;
  });
  const isCovered = new Uint8Array(tree.count);
  for (let node = 0; node < tree.count; node += 1) {
    const isInside = isCovered[tree.parent[node] ?? -1] === 1;
    const isMatch = functions[tree.fn[node] ?? 0] === 1;
    if (isMatch) nodes.push(node);
    if (isMatch && !isInside) total += tree.total[node] ?? 0;
    if (isMatch || isInside) isCovered[node] = 1;
  }
  return { isSearching: true, functions, nodes, total, mistake };
}

/** How wide a match is at least when it is gone to, as a share of the view. */
const leastSeenShare = 0.01;

/** Where to zoom so that a node can be seen: nowhere else when it is wide enough there, or else to its widest caller in which it is. */
export function zoomToSee(tree: FlameTree, node: number, zoomed: number): number {
  const path = pathTo(tree, node);
  const isWideIn = (caller: number): boolean =>
    (tree.total[node] ?? 0) >= (tree.total[caller] ?? 0) * leastSeenShare;
  if (path.includes(zoomed) && isWideIn(zoomed)) return zoomed;
  return path.find(isWideIn) ?? node;
}

function readQuery(text: string): { test: ((label: string) => boolean) | null; mistake: string | null } {
  if (text === '') return { test: null, mistake: null };
  const wanted = text.toLowerCase();
  const asText = (label: string): boolean => label.toLowerCase().includes(wanted);
  const pattern = /^\/(.+)\/i?$/.exec(text)?.[1];
  if (pattern === undefined) return { test: asText, mistake: null };
  try {
    const expression = new RegExp(pattern, 'i');
    return { test: (label) => expression.test(label), mistake: null };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { test: asText, mistake: 'no valid pattern, looked for as text' };
  }
}
