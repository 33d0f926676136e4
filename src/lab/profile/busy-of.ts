import { frameKind } from './frame-kind.ts';
import type { Profile } from './profile.ts';

/** What of a profile did not wait, in its unit. */
export function busyOf({ nodes, frames }: Profile): number {
  const waits = frames.map((frame) => frameKind(frame) === 'waiting');
  return nodes.reduce((sum, { frame, self }) => (waits[frame] === false ? sum + self : sum), 0);
}
