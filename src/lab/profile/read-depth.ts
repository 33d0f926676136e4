import { frameKind, packageOf, shortFrameLabel } from './frame-kind.ts';
import type { Profile } from './profile.ts';

/** How deep the stacks of a profile are, in frames, by weight; `share` is of 1 of the busy weight. */
export interface DepthReading {
  median: number;
  p95: number;
  max: number;
  /** Stacks with more frames are deeper than usual here. */
  usual: number;
  /** What stacks deeper than `usual` take, and the functions that they end in, the weightiest first. */
  share: number;
  endIn: { label: string; share: number }[];
  /** Functions that stand on one stack again and again: recursion, or a chain of wrappers. The weightiest first. */
  repeated: { label: string; times: number; share: number }[];
  /** Whose frames the stacks are made of, as a part (of 1) of all frames: `own`, `runtime` or a package. */
  madeOf: { name: string; share: number }[];
}

/** A stack of twice as many frames as half of them have is another kind of stack; below this it is short in any case. */
const leastDeep = 30;
/** Twice is common: a handler that calls another one of its kind. */
const fewestRepeats = 3;
/** What is less of the whole is not worth a sentence. */
const leastShare = 0.01;
const mostListed = 5;

/** Tells stacks that are deeper than usual, and of what. */
export function readDepth(
  profile: Profile,
  { busy, isBusy }: { busy: number; isBusy: (node: number) => boolean },
): DepthReading {
  const owners = profile.frames.map(
    (frame) => packageOf(frame) ?? (frameKind(frame) === 'own' ? 'own' : 'runtime'),
  );
  const { depths, times, below } = measure(profile, isBusy);
  const stacks: { depth: number; end: number; self: number }[] = [];
  const repeats = new Map<number, { times: number; weight: number }>();
  const frames = new Map<string, number>();
  for (const [at, { frame, self }] of profile.nodes.entries()) {
    const weight = below[at] ?? 0;
    // Frames of the root's level without a name of their own are no part of a stack.
    if (weight === 0 || times[at] === 0) continue;
    if (self > 0 && isBusy(at)) stacks.push({ depth: depths[at] ?? 0, end: frame, self });
    const owner = owners[frame] ?? 'runtime';
    frames.set(owner, (frames.get(owner) ?? 0) + weight);
    const count = times[at] ?? 0;
    if (count < fewestRepeats) continue;
    const known = repeats.get(frame) ?? { times: 0, weight: 0 };
    // Stacks with more of it stand on this one, and were counted with it.
    const more = count === fewestRepeats ? weight : 0;
    repeats.set(frame, { times: Math.max(known.times, count), weight: known.weight + more });
  }
  stacks.sort((a, b) => a.depth - b.depth);
  const median = depthAt(stacks, busy * 0.5);
  const usual = Math.max(leastDeep, 2 * median);
  const ends = new Map<number, number>();
  let deep = 0;
  for (const { depth, end, self } of stacks) {
    if (depth <= usual) continue;
    deep += self;
    ends.set(end, (ends.get(end) ?? 0) + self);
  }
  const labelOf = (frame: number): string => {
    const found = profile.frames[frame];
    return found === undefined ? '' : shortFrameLabel(found);
  };
  const share = (weight: number): number => (busy > 0 ? weight / busy : 0);
  const allFrames = [...frames.values()].reduce((sum, weight) => sum + weight, 0);
  return {
    median,
    p95: depthAt(stacks, busy * 0.95),
    max: stacks.at(-1)?.depth ?? 0,
    usual,
    share: share(deep),
    endIn: listed([...ends].map(([frame, weight]) => ({ label: labelOf(frame), share: share(weight) }))),
    repeated: listed(
      [...repeats].map(([frame, { times: most, weight }]) => ({
        label: labelOf(frame),
        times: most,
        share: share(weight),
      })),
    ),
    madeOf: listed(
      [...frames].map(([name, weight]) => ({ name, share: allFrames > 0 ? weight / allFrames : 0 })),
    ),
  };
}

/**
 * Of each node: its depth in frames, how often its frame stands on its stack up to it (0: it is the nameless root),
 * and the busy weight of the stacks that lead through it. In one walk through the tree, however deep it is.
 */
function measure(
  { nodes, frames }: Profile,
  isBusy: (node: number) => boolean,
): { depths: Int32Array; times: Int32Array; below: Float64Array } {
  const depths = new Int32Array(nodes.length);
  const times = new Int32Array(nodes.length);
  const below = new Float64Array(nodes.length);
  const firstChild = new Int32Array(nodes.length).fill(-1);
  const sibling = new Int32Array(nodes.length).fill(-1);
  const roots: number[] = [];
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    const { parent = -1, self = 0 } = nodes[at] ?? {};
    below[at] = (below[at] ?? 0) + (isBusy(at) ? self : 0);
    if (parent < 0) {
      roots.push(at);
      continue;
    }
    below[parent] = (below[parent] ?? 0) + (below[at] ?? 0);
    sibling[at] = firstChild[parent] ?? -1;
    firstChild[parent] = at;
  }
  const onStack = new Int32Array(frames.length);
  for (const root of roots) {
    let at = root;
    let isDown = true;
    while (at >= 0) {
      const { frame = -1, parent = -1 } = nodes[at] ?? {};
      const counts = parent >= 0 || frames[frame]?.name !== '(root)' ? 1 : 0;
      if (isDown) {
        depths[at] = (depths[parent] ?? 0) + counts;
        onStack[frame] = (onStack[frame] ?? 0) + counts;
        times[at] = counts * (onStack[frame] ?? 0);
      }
      const child = isDown ? (firstChild[at] ?? -1) : -1;
      if (child >= 0) {
        at = child;
        continue;
      }
      onStack[frame] = (onStack[frame] ?? 0) - counts;
      const next = at === root ? -1 : (sibling[at] ?? -1);
      isDown = next >= 0;
      at = isDown || at === root ? next : parent;
    }
  }
  return { depths, times, below };
}

function depthAt(inOrder: readonly { depth: number; self: number }[], weight: number): number {
  let sum = 0;
  for (const { depth, self } of inOrder) {
    sum += self;
    if (sum >= weight) return depth;
  }
  return 0;
}

function listed<Part extends { share: number }>(parts: Part[]): Part[] {
  return parts
    .filter(({ share }) => share >= leastShare)
    .toSorted((a, b) => b.share - a.share)
    .slice(0, mostListed);
}
