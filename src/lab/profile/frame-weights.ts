import type { Profile } from './profile.ts';

/** What each frame of a profile weighs, by its index, in the profile's unit. */
export interface FrameWeights {
  /** Without what it called. */
  self: number[];
  /** With what it called; recursion counts once. */
  total: number[];
}

/** Sums a call tree up by frame. */
export function frameWeights(profile: Profile): FrameWeights {
  const weights = weightsBy(profile, (frame) => frame);
  return {
    self: profile.frames.map((_, frame) => weights.get(frame)?.self ?? 0),
    total: profile.frames.map((_, frame) => weights.get(frame)?.total ?? 0),
  };
}

export interface Weights {
  /** Of its own. */
  self: number;
  /** With what it called; what stands more than once on a stack counts once. */
  total: number;
}

/**
 * The weights of a profile by what a frame belongs to: itself, its package, its kind. `keyOf` gives undefined for a
 * frame that belongs to none; nodes for which `counts` is false weigh nothing.
 */
export function weightsBy<Key>(
  profile: Profile,
  keyOf: (frame: number) => Key | undefined,
  counts: (node: number) => boolean = () => true,
): Map<Key, Weights> {
  const subtree = subtreeWeights(profile, counts);
  const keys = profile.nodes.map(({ frame }) => keyOf(frame));
  const weights = new Map<Key, Weights>();
  for (const [at, { self, parent }] of profile.nodes.entries()) {
    const key = keys[at];
    const total = subtree[at] ?? 0;
    if (key === undefined || total === 0) continue;
    const sum = weights.get(key) ?? { self: 0, total: 0 };
    if (counts(at)) sum.self += self;
    let above = parent;
    while (above >= 0 && keys[above] !== key) above = profile.nodes[above]?.parent ?? -1;
    if (above < 0) sum.total += total;
    weights.set(key, sum);
  }
  return weights;
}

/** What each node weighs with all below it. */
export function subtreeWeights({ nodes }: Profile, counts: (node: number) => boolean): number[] {
  const subtree = nodes.map(({ self }, at) => (counts(at) ? self : 0));
  for (let at = nodes.length - 1; at > 0; at -= 1) {
    const parent = nodes[at]?.parent ?? -1;
    if (parent >= 0) subtree[parent] = (subtree[parent] ?? 0) + (subtree[at] ?? 0);
  }
  return subtree;
}
