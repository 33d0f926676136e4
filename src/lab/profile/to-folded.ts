import { frameLabel, stackOf } from './frame-label.ts';
import type { Profile } from './profile.ts';

/**
 * Folded stacks, one `frame;frame;frame value` a line, as flame graph tools read them. The value is self
 * time in whole microseconds, so that windows with different intervals add up. Stacks without time are left out.
 */
export function toFolded(profile: Profile): string {
  const labels = profile.frames.map((frame) =>
    frameLabel(frame).replaceAll(';', ':').replaceAll(/\s+/g, ' '),
  );
  const selfUs = new Map<string, number>();
  profile.nodes.forEach((node, index) => {
    if (node.selfUs <= 0) return;
    const stack = stackOf(profile, index);
    const path = stack.length === 0 ? '(root)' : stack.map((frame) => labels[frame] ?? '').join(';');
    selfUs.set(path, (selfUs.get(path) ?? 0) + node.selfUs);
  });
  return [...selfUs].map(([path, us]) => `${path} ${Math.round(us)}\n`).join('');
}
