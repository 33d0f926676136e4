import type { Profile } from './profile.ts';

/**
 * The part of a profile from `fromMs` to `toMs` on the run's clock, weighed anew by its samples. A sample at the edge
 * counts with the part of its time that lies inside. A profile without order is given whole when it overlaps the range,
 * as it does not know better. Undefined when nothing of it lies in the range.
 */
export function sliceProfile(profile: Profile, fromMs: number, toMs: number): Profile | undefined {
  if (profile.endMs <= fromMs || profile.startMs >= toMs) return undefined;
  const isInside = profile.startMs >= fromMs && profile.endMs <= toMs;
  if (profile.order === 'none' || isInside) return profile;
  const fromUs = (fromMs - profile.startMs) * 1000;
  const toUs = (toMs - profile.startMs) * 1000;
  const nodes = profile.nodes.map((node) => ({ ...node, self: 0 }));
  const samples: Profile['samples'] = [];
  let atUs = 0;
  for (const { node, weight } of profile.samples) {
    const inside = Math.min(atUs + weight, toUs) - Math.max(atUs, fromUs);
    atUs += weight;
    if (inside <= 0) continue;
    samples.push({ node, weight: inside });
    const sampled = nodes[node];
    if (sampled !== undefined) sampled.self += inside;
  }
  if (samples.length === 0) return undefined;
  const startMs = Math.max(profile.startMs, fromMs);
  return { ...profile, startMs, endMs: Math.min(profile.endMs, toMs), nodes, samples };
}
