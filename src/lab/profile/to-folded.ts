import { frameLabel, stackOf } from './frame-label.ts';
import { type Profile } from './profile.ts';
import { type ProfileSet, asSet, stackParts } from './profile-set.ts';

/** Says that values are bytes: the format has no place for it, and its readers pass over lines without a value. */
export const foldedBytesLine = '# values are bytes';

/**
 * Folded stacks, one `frame;frame;frame value` a line, as flame graph tools read them. The value is self
 * time in whole microseconds, so that windows with different intervals add up, or bytes, which a first line says that
 * is none of a stack. Stacks without weight are left out. Of several parts the label is the outermost frame.
 */
export function toFolded(source: Profile | ProfileSet): string {
  const profile = stackParts(asSet(source));
  const labels = profile.frames.map((frame) =>
    frameLabel(frame).replaceAll(';', ':').replaceAll(/\s+/g, ' '),
  );
  const self = new Map<string, number>();
  profile.nodes.forEach((node, index) => {
    if (node.self <= 0) return;
    const stack = stackOf(profile, index);
    const path = stack.length === 0 ? '(root)' : stack.map((frame) => labels[frame] ?? '').join(';');
    self.set(path, (self.get(path) ?? 0) + node.self);
  });
  const lines = [...self].map(([path, weight]) => `${path} ${Math.round(weight)}\n`);
  return (profile.unit === 'bytes' ? `${foldedBytesLine}\n` : '') + lines.join('');
}
