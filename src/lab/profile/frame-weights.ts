import { stackOf } from './frame-label.ts';
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
  const self = profile.frames.map(() => 0);
  const total = profile.frames.map(() => 0);
  for (const [at, node] of profile.nodes.entries()) {
    if (node.self === 0) continue;
    self[node.frame] = (self[node.frame] ?? 0) + node.self;
    for (const frame of new Set(stackOf(profile, at))) total[frame] = (total[frame] ?? 0) + node.self;
  }
  return { self, total };
}
