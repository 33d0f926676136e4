import { frameClasses, type FrameClass } from '../../lab/profile/frame-class.ts';
import type { FrameKind } from '../../lab/profile/frame-kind.ts';
import { functionAt, type FlameTree } from './flame-tree.ts';
import type { FunctionTime } from './function-times.ts';

/** By whose code a frame is, by what work it does, or by how it changed. */
export type ColorBy = 'kind' | 'class' | 'change';

/** One colour of the graph, with its place in the legend. */
export interface FrameColor {
  key: string;
  name: string;
  /** Names of the theme's colours, without dashes. */
  ground: string;
  text: string;
}

/** What the legend and the table call each kind of frame, in the legend's order. */
export const kindNames: Record<FrameKind, string> = {
  own: 'own code',
  dependency: 'dependency',
  runtime: 'runtime',
  gc: 'garbage collection',
  waiting: 'waiting',
};

/** What the legend and the table call each class of work. */
export const classNames: Record<FrameClass, string> = {
  json: 'JSON',
  validation: 'validation',
  crypto: 'crypto and TLS',
  compression: 'compression',
  http: 'HTTP',
  template: 'templates',
  database: 'database',
  gc: 'garbage collection',
  regexp: 'regular expressions',
  logging: 'logging',
  idle: 'idle',
  other: 'other',
};

const kinds: readonly FrameKind[] = ['own', 'dependency', 'runtime', 'gc', 'waiting'];
const changes = ['grown-much', 'grown', 'same', 'shrunk', 'shrunk-much'] as const;
const changeNames: Record<(typeof changes)[number], string> = {
  'grown-much': '▲ grown by 2 points or more',
  grown: '▲ grown',
  same: 'about the same',
  shrunk: '▼ shrunk',
  'shrunk-much': '▼ shrunk by 2 points or more',
};
/** Shares of the whole: below the first a change is no more than the noise of sampling, from the second on it is large. */
const leastChange = 0.002;
const largeChange = 0.02;

const colorOf = (key: string, name: string, ground: string): FrameColor => ({
  key,
  name,
  ground,
  text: ground === 'frame-waiting' ? 'frame-quiet-text' : 'frame-text',
});

export const palettes: Record<ColorBy, readonly FrameColor[]> = {
  kind: kinds.map((kind) => colorOf(kind, kindNames[kind], `frame-${kind}`)),
  class: frameClasses.map((work) => colorOf(work, classNames[work], classGround(work))),
  change: changes.map((change) => colorOf(change, changeNames[change], `change-${change}`)),
};

function classGround(work: FrameClass): string {
  if (work === 'idle') return 'frame-waiting';
  return work === 'gc' ? 'frame-gc' : `class-${work}`;
}

/** The key of the colour that a function has as a whole. */
export function colorKeyOf(row: FunctionTime, by: ColorBy): string {
  if (by === 'class') return row.work;
  return by === 'kind' ? row.kind : changeAs(2 * (row.total - (row.before?.total ?? row.total)));
}

/** The index of each node's colour in its palette. */
export function colorsOf(tree: FlameTree, by: ColorBy): Uint8Array {
  if (by === 'class') return tree.work;
  const colors = new Uint8Array(tree.count);
  for (let node = 0; node < tree.count; node += 1) {
    colors[node] =
      by === 'kind'
        ? kinds.indexOf(functionAt(tree, node).kind)
        : changes.indexOf(changeAs(changeOf(tree, node)));
  }
  return colors;
}

/** By how much a node's share of the whole grew, in parts of 1; 0 in what is no difference. */
export function changeOf(tree: FlameTree, node: number): number {
  if (!tree.before) return 0;
  return 2 * ((tree.total[node] ?? 0) - (tree.before.total[node] ?? 0));
}

function changeAs(change: number): (typeof changes)[number] {
  if (Math.abs(change) < leastChange) return 'same';
  const isLarge = Math.abs(change) >= largeChange;
  if (change > 0) return isLarge ? 'grown-much' : 'grown';
  return isLarge ? 'shrunk-much' : 'shrunk';
}

/** `▲ 2.1 ` for what grew by 2.1 points, so that colour is not all that tells; empty for what did not change. */
export function changeSign(change: number): string {
  if (Math.abs(change) < leastChange) return '';
  return `${change > 0 ? '▲' : '▼'} ${(Math.abs(change) * 100).toFixed(1)} `;
}

/** Own weight of each colour as a share of the tree's whole, in the order of the palette. */
export function sharesByColor(tree: FlameTree, by: ColorBy): number[] {
  const colors = colorsOf(tree, by);
  const shares = palettes[by].map(() => 0);
  const whole = tree.total[0] ?? 0;
  if (whole === 0) return shares;
  for (let node = 1; node < tree.count; node += 1) {
    const color = colors[node] ?? 0;
    shares[color] = (shares[color] ?? 0) + (tree.self[node] ?? 0) / whole;
  }
  return shares;
}
