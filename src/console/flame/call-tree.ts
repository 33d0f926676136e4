import { diffProfiles } from '../../lab/profile/diff-profiles.ts';
import { frameClasses, nodeClasses } from '../../lab/profile/frame-class.ts';
import { frameKind, type FrameKind } from '../../lab/profile/frame-kind.ts';
import { frameKey } from '../../lab/profile/merge-profiles.ts';
import type { Frame, Profile, ProfileUnit } from '../../lab/profile/profile.ts';

/** A function at its place, once for all of its frames. */
export interface FlameFunction {
  frame: Frame;
  kind: FrameKind;
  /** `name file:line` with a short path. */
  label: string;
}

/** `share`: parts of 1, of a difference. */
export type WeightUnit = ProfileUnit | 'share';

/** A call tree column by column, not yet laid out. Index 0 is the root, a parent comes before its children. */
export interface CallTree {
  unit: WeightUnit;
  /** Index 0 stands for all of them: the function of the root. */
  functions: readonly FlameFunction[];
  fn: number[];
  /** -1 for the root. */
  parent: number[];
  /** Index of the class in `frameClasses`. */
  work: number[];
  /** Of a difference the mean of before and after, so that what is gone is still seen. */
  self: number[];
  /** Of a difference the share before; what it is now is twice `self` without it. */
  selfBefore: number[] | null;
}

export interface CallTreeOptions {
  /** Time in which the process waited: an idle server would otherwise show little else. */
  includeWaiting: boolean;
  /** Dependencies and the runtime are folded into the own code that called them. */
  ownOnly: boolean;
}

const everything: FlameFunction = {
  frame: { name: 'all', file: '', line: 0, column: 0 },
  kind: 'waiting',
  label: 'all',
};
const otherWork = frameClasses.indexOf('other');

/** The calls of a profile, as they are to be shown. */
export function callsOf(profile: Profile, options: CallTreeOptions): CallTree {
  return readCalls(profile, nodeClasses(profile), profile.unit, options, ({ self }) => [self, 0]);
}

/** How the calls of `after` differ from those of `before`, in shares of what is shown. */
export function changedCalls(before: Profile, after: Profile, options: CallTreeOptions): CallTree {
  const diff = diffProfiles(
    before,
    after,
    (frame) => options.includeWaiting || frameKind(frame) !== 'waiting',
  );
  return readCalls(diff, nodeClasses(diff), 'share', options, ({ selfBefore, selfAfter }) => [
    (selfBefore + selfAfter) / 2,
    selfBefore,
  ]);
}

function readCalls<Node extends { frame: number; parent: number }>(
  { frames, nodes }: { frames: readonly Frame[]; nodes: readonly Node[] },
  classes: ReturnType<typeof nodeClasses>,
  unit: WeightUnit,
  { includeWaiting, ownOnly }: CallTreeOptions,
  weigh: (node: Node) => [self: number, selfBefore: number],
): CallTree {
  const { functions, fnOf } = functionsOf(frames);
  const builder = new CallTreeBuilder(unit, functions, unit === 'share');
  const at: number[] = [];
  for (const [index, node] of nodes.entries()) {
    const [self, selfBefore] = weigh(node);
    const parent = node.parent < 0 ? -1 : (at[node.parent] ?? -1);
    const fn = fnOf[node.frame] ?? 0;
    const kind = functions[fn]?.kind;
    let place = 0;
    if (node.parent >= 0) {
      const isFolded = ownOnly && (kind === 'dependency' || kind === 'runtime');
      const isLeftOut = parent < 0 || (kind === 'waiting' && !includeWaiting);
      if (isLeftOut) place = -1;
      else if (isFolded) place = parent;
      else place = builder.child(parent, fn, frameClasses.indexOf(classes[index] ?? 'other'), self);
    }
    at.push(place);
    if (place >= 0) builder.add(place, self, selfBefore);
  }
  return builder.tree;
}

function functionsOf(frames: readonly Frame[]): { functions: FlameFunction[]; fnOf: number[] } {
  const functions = [everything];
  const known = new Map<string, number>();
  const fnOf = frames.map((frame) => {
    const key = frameKey(frame);
    const fn = known.get(key) ?? functions.push({ frame, kind: frameKind(frame), label: labelOf(frame) }) - 1;
    known.set(key, fn);
    return fn;
  });
  return { functions, fnOf };
}

/** Lays stacks over each other: one node for each function below a node. */
export class CallTreeBuilder {
  readonly tree: CallTree;
  private readonly known = new Map<number, number>();
  /** What decided the class of a node: the heaviest of what was laid there. */
  private readonly heaviest: number[] = [0];

  /** `rootFn` is the function that the tree begins with, 0 for all. */
  constructor(unit: WeightUnit, functions: readonly FlameFunction[], compares: boolean, rootFn = 0) {
    this.tree = {
      unit,
      functions,
      fn: [rootFn],
      parent: [-1],
      work: [otherWork],
      self: [0],
      selfBefore: compares ? [0] : null,
    };
  }

  /** The node of `fn` below `parent`, made when it is the first. `weight` decides between classes. */
  child(parent: number, fn: number, work: number, weight: number): number {
    const { tree, known, heaviest } = this;
    const key = parent * tree.functions.length + fn;
    let node = known.get(key);
    if (node === undefined) {
      node = tree.fn.push(fn) - 1;
      tree.parent.push(parent);
      tree.work.push(work);
      tree.self.push(0);
      tree.selfBefore?.push(0);
      heaviest.push(weight);
      known.set(key, node);
    } else if (weight > (heaviest[node] ?? 0)) {
      heaviest[node] = weight;
      tree.work[node] = work;
    }
    return node;
  }

  add(node: number, self: number, selfBefore: number): void {
    const { tree } = this;
    tree.self[node] = (tree.self[node] ?? 0) + self;
    if (tree.selfBefore) tree.selfBefore[node] = (tree.selfBefore[node] ?? 0) + selfBefore;
  }
}

function labelOf(frame: Frame): string {
  const place = placeLabel(frame);
  return place === '' ? frame.name : `${frame.name} ${place}`;
}

/** `file:line`, the path from the package's name on, or its last three parts. */
export function placeLabel({ file, line }: Pick<Frame, 'file' | 'line'>): string {
  if (file === '') return '';
  const inPackage = file.split(/[/\\](?:node_modules|site-packages|dist-packages)[/\\]/).at(-1);
  const short = inPackage === file ? file.split(/[/\\]/).slice(-3).join('/') : inPackage;
  return `${short}${line > 0 ? `:${line}` : ''}`;
}
