import { frameLabel } from './frame-label.ts';
import type { Frame } from './profile.ts';

/**
 * Whose code a frame is. `waiting` is no work of the program that is known: idle, the time between JavaScript tasks or
 * between windows, and what the profiler itself did in the process.
 */
export type FrameKind = 'own' | 'dependency' | 'runtime' | 'gc' | 'waiting';

/** The name that the profiler's own work in a process has in its profile. */
export const profilerFrameName = '(gaugeway profiler)';

const waitingFrames = ['(root)', '(idle)', '(program)', '(not profiled)', profilerFrameName];

/** Where npm and pip put what others wrote. */
const packageFolders = /[/\\](?:node_modules|site-packages|dist-packages)[/\\]/;
/**
 * Libraries and the kernel, sources that debug symbols name, and the interpreters themselves: what perf and py-spy see. The
 * kernel's own are in brackets, as is what Node was given as text: `[eval]`, `[worker eval]`, `[stdin]`.
 */
export const nativeFiles =
  /\.so(?:\.[\d.]+)?$|^\[(?!(?:worker )?eval|stdin)|\.(?:c|cc|cpp|h|hpp|pyx|pxd|rs|S)$|[/\\](?:node|python\d?[\d.]*)$/;
/**
 * Node's own modules and what it compiles, what a profiler runs in the process itself, and the standard libraries of Python
 * and of Go, whose import paths begin with no host.
 */
const runtimeFiles =
  /^(?:node|wasm|gaugeway):|[/\\]lib(?:64)?[/\\]python\d[\d.]*[/\\]|^<frozen |[/\\]go(?:-?[\d.]+)?[/\\]src[/\\][^./\\]+[/\\].*\.go$/;
/** Packages of it by their path from there, as py-spy shortens it: a program that had its own would hide them from Python. */
const shortenedRuntimeFiles =
  /^(?:asyncio|collections|concurrent|ctypes|email|encodings|html|http|importlib|json|logging|multiprocessing|re|sqlite3|unittest|urllib|wsgiref|xml|zoneinfo)[/\\].*\.py$/;

/** Gateways that are installed as packages: there they are what is profiled, and not a dependency of anything. */
const applications = new Set(['gaugeway', 'mcpgateway']);

/** Tells the profiled project's code from its dependencies', its runtime's and the system's, by name and path. */
export function frameKind(frame: Pick<Frame, 'name' | 'file'>): FrameKind {
  if (waitingFrames.includes(frame.name)) return 'waiting';
  if (frame.name === '(garbage collector)') return 'gc';
  const name = installedAs(frame.file);
  if (name === undefined)
    return frame.file === '' ||
      [runtimeFiles, shortenedRuntimeFiles, nativeFiles].some((files) => files.test(frame.file))
      ? 'runtime'
      : 'own';
  return applications.has(name) ? 'own' : 'dependency';
}

/** The npm or pip package that a dependency's frame is of, e.g. `@fastify/swagger` or `sqlalchemy`; else undefined. */
export function packageOf(frame: Pick<Frame, 'name' | 'file'>): string | undefined {
  return frameKind(frame) === 'dependency' ? installedAs(frame.file) : undefined;
}

function installedAs(file: string): string | undefined {
  const inPackages = file.split(packageFolders).slice(1).at(-1);
  if (inPackages === undefined) return undefined;
  const [first = '', second = ''] = inPackages.split(/[/\\]/);
  // A module of one file has its own name, and of a native one also that of its platform.
  return first.startsWith('@') ? `${first}/${second}` : first.replace(/(?:\.[\w-]+)*\.(?:py|so|js)$/, '');
}

/** A frame's label for a sentence: of its path only the last two parts, e.g. `relay (gateway/pipeline.ts:41)`. */
export function shortFrameLabel(frame: Frame): string {
  const file = frame.file.startsWith('node:') ? frame.file : frame.file.split(/[/\\]/).slice(-2).join('/');
  return frameLabel({ ...frame, file });
}
