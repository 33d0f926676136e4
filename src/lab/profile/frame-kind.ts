import { frameLabel } from './frame-label.ts';
import type { Frame } from './profile.ts';

/** Whose code a frame is. `waiting` is no work at all: idle, or the time between JavaScript tasks. */
export type FrameKind = 'own' | 'dependency' | 'runtime' | 'gc' | 'waiting';

const waitingFrames = ['(root)', '(idle)', '(program)'];

/** Where npm and pip put what others wrote. */
const packageFolders = /[/\\](?:node_modules|site-packages|dist-packages)[/\\]/;
/** Node's own modules, Python's standard library, libraries of the system, and the kernel. */
const runtimeFiles =
  /^node:|[/\\]lib(?:64)?[/\\]python\d[\d.]*[/\\]|^<frozen |\.so(?:\.[\d.]+)?$|^\[(?:kernel|vdso|guest)/;

/** Tells the profiled project's code from its dependencies', its runtime's and the system's, by name and path. */
export function frameKind(frame: Pick<Frame, 'name' | 'file'>): FrameKind {
  if (waitingFrames.includes(frame.name)) return 'waiting';
  if (frame.name === '(garbage collector)') return 'gc';
  const inPackages = frame.file.split(packageFolders).slice(1);
  if (inPackages.length === 0) return frame.file === '' || runtimeFiles.test(frame.file) ? 'runtime' : 'own';
  // Where Gaugeway itself was installed from npm, its gateway is what is profiled, and not a dependency of anything.
  return /^gaugeway[/\\]/.test(inPackages.at(-1) ?? '') ? 'own' : 'dependency';
}

/** A frame's label for a sentence: of its path only the last two parts, e.g. `relay (gateway/pipeline.ts:41)`. */
export function shortFrameLabel(frame: Frame): string {
  const file = frame.file.startsWith('node:') ? frame.file : frame.file.split(/[/\\]/).slice(-2).join('/');
  return frameLabel({ ...frame, file });
}
