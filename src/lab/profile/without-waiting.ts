import { nodeClasses } from './frame-class.ts';
import { frameKind } from './frame-kind.ts';
import type { Profile } from './profile.ts';

/** A profile of work alone: the time in which nothing ran (idle, between tasks) counts no more. Its order in time is lost. */
export function withoutWaiting(profile: Profile): Profile {
  const waits = profile.frames.map((frame) => frameKind(frame) === 'waiting');
  return without(
    profile,
    profile.nodes.map(({ frame }) => waits[frame] === true),
  );
}

/** As {@link withoutWaiting}, also without the functions that a thread waits in, as a pool's or the loop's for events. */
export function withoutIdle(profile: Profile): Profile {
  return without(
    profile,
    nodeClasses(profile).map((known) => known === 'idle'),
  );
}

function without(profile: Profile, isLeftOut: readonly boolean[]): Profile {
  const nodes = profile.nodes.map((node, at) => (isLeftOut[at] === true ? { ...node, self: 0 } : node));
  const samples = profile.samples.filter(({ node }) => isLeftOut[node] !== true);
  return { ...profile, order: 'none', nodes, samples };
}
