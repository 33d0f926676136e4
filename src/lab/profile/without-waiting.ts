import { frameKind } from './frame-kind.ts';
import type { Profile } from './profile.ts';

/** A profile of work alone: the time in which nothing ran (idle, between tasks) counts no more. Its order in time is lost. */
export function withoutWaiting(profile: Profile): Profile {
  const waits = profile.frames.map((frame) => frameKind(frame) === 'waiting');
  const nodes = profile.nodes.map((node) => (waits[node.frame] === true ? { ...node, self: 0 } : node));
  const samples = profile.samples.filter(({ node }) => waits[profile.nodes[node]?.frame ?? -1] !== true);
  return { ...profile, order: 'none', nodes, samples };
}
