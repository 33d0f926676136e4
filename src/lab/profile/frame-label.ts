import type { Frame, Profile } from './profile.ts';

/** `name (file:line)`, or the name alone for frames without a file. */
export function frameLabel(frame: Frame): string {
  if (frame.file === '') return frame.name;
  return frame.line > 0 ? `${frame.name} (${frame.file}:${frame.line})` : `${frame.name} (${frame.file})`;
}

/** Frame indices of a node's stack from the outermost to its own; the nameless root of the tree is left out. */
export function stackOf(profile: Profile, node: number): number[] {
  const stack: number[] = [];
  for (let at = node; at >= 0;) {
    const { frame, parent } = profile.nodes[at] ?? { frame: -1, parent: -1 };
    const isRoot = parent < 0 && profile.frames[frame]?.name === '(root)';
    if (frame >= 0 && !isRoot) stack.push(frame);
    at = parent;
  }
  return stack.toReversed();
}
