import { frameKind, nativeFiles, type FrameKind } from './frame-kind.ts';
import { frameClassTable, type FrameClassRow } from './frame-class-table.ts';
import type { Frame, ProfileNode } from './profile.ts';

/** What kind of work a frame does. `other` is work that no row of the table knows. */
export const frameClasses = [
  'json',
  'validation',
  'crypto',
  'compression',
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
  compression: 'compression',
  http: 'HTTP handling',
  template: 'template rendering',
  database: 'database driver',
  gc: 'garbage collection',
  regexp: 'regular expressions',
  logging: 'logging',
  idle: 'waiting',
  other: 'other work',
};

/** What a frame itself is known for; undefined for one that takes the class of what called it. */
export function knownFor(
  frame: Pick<Frame, 'name' | 'file'>,
): Pick<FrameClassRow, 'class' | 'serves'> | undefined {
  const kind = frameKind(frame);
  if (kind === 'waiting') return { class: 'idle' };
  if (kind === 'gc') return { class: 'gc' };
  return frameClassTable.find(
    ({ file, name }) =>
      (file === undefined || file.test(frame.file)) && (name === undefined || name.test(frame.name)),
  );
}

/**
 * The class of each node of a profile, or of a difference. The principle: time belongs to the work that was asked for. A frame that is known
 * for something has that class; one that is not is a helper of what called it, and takes the class of the nearest caller
 * that has one. So what the runtime does below JSON is JSON, and a socket below a database driver is the driver's. Three
 * ends to that: own code, which is not what its caller is known for (the handler that an HTTP server calls back); a
 * dependency that an HTTP server calls back, for the same reason; and waiting, which is handed down to native code alone
 * (a worker thread waits in the function that also runs its tasks).
 */
export function nodeClasses(profile: {
  frames: readonly Frame[];
  nodes: readonly Pick<ProfileNode, 'frame' | 'parent'>[];
}): FrameClass[] {
  const frames = profile.frames.map((frame) => ({
    kind: frameKind(frame),
    known: knownFor(frame),
    file: frame.file,
  }));
  const classes: FrameClass[] = [];
  for (const { frame, parent } of profile.nodes) {
    const of = frames[frame];
    const above = parent <= 0 ? 'other' : (classes[parent] ?? 'other');
    const handed = of === undefined ? 'other' : inherited(above, of.kind, of.file);
    const takesItsOwn = of?.known !== undefined && (of.known.serves !== true || handed === 'other');
    classes.push(takesItsOwn ? (of.known?.class ?? handed) : handed);
  }
  return classes;
}

function inherited(above: FrameClass, kind: FrameKind, file: string): FrameClass {
  if (kind === 'own' || (kind === 'dependency' && above === 'http')) return 'other';
  return above === 'idle' && !nativeFiles.test(file) ? 'other' : above;
}
