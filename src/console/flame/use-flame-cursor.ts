import { useState } from 'react';
import type { FlameTree } from './flame-tree.ts';

/** What is selected and zoomed to in one tree, by node; it begins anew with another tree. */
export interface FlameCursor {
  /** -1 for none. */
  selected: number;
  zoomed: number;
  /** Counts what was asked for, so that asking for the same again is seen. */
  asked: number;
  select: (node: number) => void;
  zoomTo: (node: number) => void;
  /** To what was shown before the last `steps` zooms; the whole at last. */
  back: (steps?: number) => void;
}

interface State {
  tree: FlameTree;
  selected: number;
  /** What was zoomed to, one after the other; the whole comes first. */
  trail: readonly number[];
  asked: number;
}

/** The cursor of a tree, for its graph, its breadcrumbs and its keys. */
export function useFlameCursor(tree: FlameTree): FlameCursor {
  const [kept, setState] = useState<State>({ tree, selected: -1, trail: [0], asked: 0 });
  const state = kept.tree === tree ? kept : { tree, selected: -1, trail: [0], asked: kept.asked };
  const change = (next: (now: State) => Partial<State>): void =>
    setState((before) => {
      const now = before.tree === tree ? before : { ...state, asked: before.asked };
      return { ...now, ...next(now), asked: now.asked + 1 };
    });
  return {
    selected: state.selected,
    zoomed: state.trail.at(-1) ?? 0,
    asked: state.asked,
    select: (selected) => change(() => ({ selected })),
    zoomTo: (node) =>
      change(({ trail }) => ({ selected: node, trail: trail.at(-1) === node ? trail : [...trail, node] })),
    back: (steps = 1) =>
      change(({ trail }) => ({ trail: trail.slice(0, Math.max(1, trail.length - steps)) })),
  };
}
