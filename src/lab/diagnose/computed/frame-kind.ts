import { frameLabel } from '../../profile/frame-label.ts';
import type { Frame } from '../../profile/profile.ts';

/** Whose code a frame is. `waiting` is no work at all: idle, or the time between JavaScript tasks. */
export type FrameKind = 'own' | 'dependency' | 'runtime' | 'gc' | 'waiting';

const waitingFrames = ['(root)', '(idle)', '(program)'];

/** Tells the profiled project's code from its dependencies', Node's own and V8's, by name and path. */
export function frameKind(frame: Pick<Frame, 'name' | 'file'>): FrameKind {
  if (waitingFrames.includes(frame.name)) return 'waiting';
  if (frame.name === '(garbage collector)') return 'gc';
  if (frame.file === '' || frame.file.startsWith('node:')) return 'runtime';
  const inPackages = frame.file.split(/[/\\]node_modules[/\\]/).slice(1);
  // Where Gaugeway itself was installed from npm, its gateway is what is profiled, and not a dependency of anything.
  return inPackages.length === 0 || /^gaugeway[/\\]/.test(inPackages.at(-1) ?? '') ? 'own' : 'dependency';
}

/** A frame's label for a sentence: of its path only the last two parts, e.g. `relay (gateway/pipeline.ts:41)`. */
export function shortFrameLabel(frame: Frame): string {
  const file = frame.file.startsWith('node:') ? frame.file : frame.file.split(/[/\\]/).slice(-2).join('/');
  return frameLabel({ ...frame, file });
}
