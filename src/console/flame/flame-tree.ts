import { frameKind, type FrameKind } from '../../lab/profile/frame-kind.ts';
import type { Frame, Profile } from '../../lab/profile/profile.ts';

export interface FlameNode {
  frame: Frame;
  kind: FrameKind;
  self: number;
  total: number;
  depth: number;
  /** Where it begins from the left, in the unit of the profile. */
  start: number;
  parent: FlameNode | null;
  /** The widest first. */
  children: FlameNode[];
}

export interface FunctionTime {
  frame: Frame;
  kind: FrameKind;
  self: number;
  /** With everything it calls; a recursive call counts once. */
  total: number;
}

/**
 * The call tree ready to be drawn. Time in which the process waited is left out unless asked for: an idle
 * server would otherwise show little else.
 */
export function buildFlameTree(profile: Profile, includeWaiting: boolean): FlameNode {
  const root: FlameNode = {
    frame: { name: 'all', file: '', line: 0, column: 0 },
    kind: 'waiting',
    self: 0,
    total: 0,
    depth: 0,
    start: 0,
    parent: null,
    children: [],
  };
  const built: (FlameNode | null)[] = [];
  for (const node of profile.nodes) {
    const frame = profile.frames[node.frame];
    const parent = node.parent < 0 ? null : built[node.parent];
    if (!frame || parent === null || parent === undefined) {
      built.push(node.parent < 0 ? root : null);
      continue;
    }
    const kind = frameKind(frame);
    if (kind === 'waiting' && !includeWaiting) {
      built.push(null);
      continue;
    }
    const flame = {
      frame,
      kind,
      self: node.self,
      total: 0,
      depth: parent.depth + 1,
      start: 0,
      parent,
    };
    built.push({ ...flame, children: [] });
    const added = built.at(-1);
    if (added) parent.children.push(added);
  }
  settle(root);
  return root;
}

/** Sums times upwards, then places children from the widest on. */
function settle(root: FlameNode): void {
  const nodes = allNodes(root);
  for (const node of nodes.toReversed()) {
    node.total = node.self + node.children.reduce((sum, child) => sum + child.total, 0);
    node.children.sort((a, b) => b.total - a.total);
  }
  for (const node of nodes) {
    let start = node.start;
    for (const child of node.children) {
      child.start = start;
      start += child.total;
    }
  }
}

/** Every node, callers before what they call. */
export function allNodes(root: FlameNode): FlameNode[] {
  const nodes = [root];
  for (let at = 0; at < nodes.length; at += 1) nodes.push(...(nodes[at]?.children ?? []));
  return nodes;
}

/** Time per function over all its places in the tree, the most self time first. */
export function functionTimes(root: FlameNode): FunctionTime[] {
  const times = new Map<Frame, FunctionTime>();
  const byPlace = new Map<string, Frame>();
  for (const node of allNodes(root)) {
    if (node.parent === null) continue;
    const place = placeOf(node.frame);
    const frame = byPlace.get(place) ?? node.frame;
    byPlace.set(place, frame);
    const time = times.get(frame) ?? { frame, kind: node.kind, self: 0, total: 0 };
    time.self += node.self;
    if (!isRecursive(node, place)) time.total += node.total;
    times.set(frame, time);
  }
  return [...times.values()].toSorted((a, b) => b.self - a.self);
}

/** The nodes whose function or file contains `text`, and the time below them, nested matches counted once. */
export function searchFlame(root: FlameNode, text: string): { matches: Set<FlameNode>; total: number } {
  const wanted = text.trim().toLowerCase();
  const matches = new Set<FlameNode>();
  let total = 0;
  if (wanted === '') return { matches, total };
  const covered = new Set<FlameNode>();
  for (const node of allNodes(root)) {
    const isInside = node.parent !== null && covered.has(node.parent);
    const isMatch = node.parent !== null && labelOf(node.frame).toLowerCase().includes(wanted);
    if (isMatch) matches.add(node);
    if (isMatch && !isInside) total += node.total;
    if (isMatch || isInside) covered.add(node);
  }
  return { matches, total };
}

/** `name file:line` with a short path. */
export function labelOf(frame: Frame): string {
  const place = placeLabel(frame);
  return place === '' ? frame.name : `${frame.name} ${place}`;
}

/** `file:line`, the path from the package's name on, or its last three parts. */
export function placeLabel({ file, line }: Frame): string {
  if (file === '') return '';
  const inPackage = file.split(/[/\\]node_modules[/\\]/).at(-1);
  const short = inPackage === file ? file.split(/[/\\]/).slice(-3).join('/') : inPackage;
  return `${short}${line > 0 ? `:${line}` : ''}`;
}

function isRecursive(node: FlameNode, place: string): boolean {
  for (let above = node.parent; above !== null; above = above.parent) {
    if (placeOf(above.frame) === place) return true;
  }
  return false;
}

function placeOf({ name, file, line, column }: Frame): string {
  return `${name}\n${file}\n${line}\n${column}`;
}
