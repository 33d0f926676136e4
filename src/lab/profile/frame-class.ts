import { frameKind } from './frame-kind.ts';
import { frameClassTable } from './frame-class-table.ts';
import type { Frame, Profile } from './profile.ts';

/** What kind of work a frame does. `other` is work that no row of the table knows. */
export const frameClasses = [
  'json',
  'validation',
  'crypto',
  'http',
  'template',
  'database',
  'gc',
  'regexp',
  'logging',
  'idle',
  'other',
] as const;
export type FrameClass = (typeof frameClasses)[number];

/** The classes in words, for a sentence or a legend. */
export const frameClassWords: Record<FrameClass, string> = {
  json: 'JSON',
  validation: 'validation',
  crypto: 'crypto and TLS',
  http: 'HTTP and sockets',
  template: 'template rendering',
  database: 'database driver',
  gc: 'garbage collection',
  regexp: 'regular expressions',
  logging: 'logging',
  idle: 'waiting',
  other: 'other work',
};

/** What a frame itself is known for; undefined for one that takes the class of what called it. */
export function ownClass(frame: Pick<Frame, 'name' | 'file'>): FrameClass | undefined {
  const kind = frameKind(frame);
  if (kind === 'waiting') return 'idle';
  if (kind === 'gc') return 'gc';
  const row = frameClassTable.find(
    ({ file, name }) =>
      (file === undefined || file.test(frame.file)) && (name === undefined || name.test(frame.name)),
  );
  return row?.class;
}

/**
 * The class of each node of a profile: its own frame's, or else that of the nearest classed frame that called it. Own
 * code in between ends the search, as what it does is not what its caller is known for.
 */
export function nodeClasses(profile: Profile): FrameClass[] {
  const byFrame = profile.frames.map(ownClass);
  const isOwn = profile.frames.map((frame) => frameKind(frame) === 'own');
  const classes: FrameClass[] = [];
  for (const { frame, parent } of profile.nodes) {
    const inherited = isOwn[frame] === true || parent <= 0 ? 'other' : (classes[parent] ?? 'other');
    classes.push(byFrame[frame] ?? inherited);
  }
  return classes;
}
