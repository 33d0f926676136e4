import { frameKind, type FrameKind, shortFrameLabel } from '../profile/frame-kind.ts';
import { stackOf } from '../profile/frame-label.ts';
import { frameKey } from '../profile/merge-profiles.ts';
import type { Frame, Profile } from '../profile/profile.ts';

/** A function that allocates. */
export interface AllocationSite {
  /** Tells it from others, also in another profile. */
  key: string;
  frame: Frame;
  /** E.g. `handle (src/server.ts:41)`. */
  label: string;
  kind: FrameKind;
  /** Allocated by it, and by what it called of the runtime. */
  ownBytes: number;
  /** With all that it called; recursion counts once. */
  totalBytes: number;
}

/**
 * The functions that allocate, the most by itself first. What the runtime allocates (`repeat`, `Buffer.from`) is charged to
 * the function that called it: that is where it can be changed. Only what has no caller stays with the runtime.
 */
export function allocationSites(profile: Profile): AllocationSite[] {
  const sites = profile.frames.map((frame): AllocationSite => ({
    key: frameKey(frame),
    frame,
    label: shortFrameLabel(frame),
    kind: frame.name === '(root)' ? 'runtime' : frameKind(frame),
    ownBytes: 0,
    totalBytes: 0,
  }));
  for (const [at, { frame: leaf, self }] of profile.nodes.entries()) {
    if (self === 0) continue;
    const stack = stackOf(profile, at).flatMap((frame) => sites[frame] ?? []);
    for (const site of new Set(stack)) site.totalBytes += self;
    const charged = stack.findLast(({ kind }) => kind === 'own' || kind === 'dependency') ?? sites[leaf];
    if (charged !== undefined) charged.ownBytes += self;
  }
  return sites
    .filter(({ ownBytes, totalBytes }) => ownBytes + totalBytes > 0)
    .toSorted((a, b) => b.ownBytes - a.ownBytes || b.totalBytes - a.totalBytes);
}

/** All that a profile weighs. */
export function weightOf(profile: Profile): number {
  return profile.nodes.reduce((sum, { self }) => sum + self, 0);
}

/** What one site held at two times. */
export interface SiteGrowth {
  label: string;
  kind: FrameKind;
  frame: Frame;
  beforeBytes: number;
  afterBytes: number;
  grewBytes: number;
}

/** What grew between two samplings of live memory, by site, the most first; what shrank comes last. */
export function siteGrowth(before: Profile, after: Profile): SiteGrowth[] {
  const earlier = new Map(allocationSites(before).map((site) => [site.key, site]));
  const later = new Map(allocationSites(after).map((site) => [site.key, site]));
  return [...new Map([...earlier, ...later]).values()]
    .map(({ key, label, kind, frame }) => {
      const beforeBytes = earlier.get(key)?.ownBytes ?? 0;
      const afterBytes = later.get(key)?.ownBytes ?? 0;
      return { label, kind, frame, beforeBytes, afterBytes, grewBytes: afterBytes - beforeBytes };
    })
    .filter(({ beforeBytes, afterBytes }) => beforeBytes + afterBytes > 0)
    .toSorted((a, b) => b.grewBytes - a.grewBytes);
}
