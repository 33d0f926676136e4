import { frameLabel, stackOf } from '../../profile/frame-label.ts';
import type { Frame, Profile } from '../../profile/profile.ts';
import type { Artifacts } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { frameKind, shortFrameLabel } from '../../profile/frame-kind.ts';

/** A function that kept a process's event loop from turning. */
export interface BlockingFunction {
  pid: number;
  label: string;
  /** What of the project's own code it was called by, when it is not own code itself. */
  calledBy: string | null;
  stretches: number;
  longestMs: number;
  totalMs: number;
  /** Where the longest one was seen. */
  file: string;
  startMs: number;
  endMs: number;
}

/** Work without a pause that is worth naming; half of what the rule calls blocked, as stretches may overlap windows. */
const shortestStretchMs = 50;
/**
 * A pause between samples of this many intervals is one in which the process did not run at all (another
 * one had its core): it neither ends a stretch nor adds to it.
 */
const starvedIntervals = 20;
/** A function explains a stretch when it was on the stack in this share of it. */
const explainingShare = 0.8;

interface Stretch {
  fromUs: number;
  toUs: number;
  busyUs: number;
  /** Busy time by sampled leaf node. */
  leaves: Map<number, number>;
}

/**
 * Looks in CPU profiles for stretches of work during which the loop could not turn, and names the deepest
 * function common to each. Many short tasks one after another have no such function, so a merely busy
 * process is not taken for a blocked one. The function with the most time first.
 */
export const blockingFunctions = defineFact(['profiles'], ({ profiles }): BlockingFunction[] => {
  const byFunction = new Map<string, BlockingFunction>();
  for (const window of profiles) {
    // What has no order in time knows no stretches.
    if (window.profile.order === 'none') continue;
    for (const stretch of stretchesOf(window.profile)) addStretch(byFunction, window, stretch);
  }
  return [...byFunction.values()].toSorted((a, b) => b.totalMs - a.totalMs || (a.label < b.label ? -1 : 1));
});

function stretchesOf(profile: Profile): Stretch[] {
  const stretches: Stretch[] = [];
  let current: Stretch | undefined;
  let atUs = 0;
  const close = (): void => {
    if (current !== undefined && current.busyUs >= shortestStretchMs * 1000) stretches.push(current);
    current = undefined;
  };
  for (const { node, weight } of profile.samples) {
    const fromUs = atUs;
    atUs += weight;
    const frame = profile.frames[profile.nodes[node]?.frame ?? -1];
    if (frame === undefined || frameKind(frame) === 'waiting') {
      close();
      continue;
    }
    current ??= { fromUs, toUs: atUs, busyUs: 0, leaves: new Map() };
    current.toUs = atUs;
    if (weight > profile.interval * starvedIntervals) continue;
    current.busyUs += weight;
    current.leaves.set(node, (current.leaves.get(node) ?? 0) + weight);
  }
  close();
  return stretches;
}

function addStretch(
  byFunction: Map<string, BlockingFunction>,
  window: Artifacts['profiles'][number],
  stretch: Stretch,
): void {
  const found = explain(window.profile, stretch);
  if (found === undefined) return;
  const key = `${window.pid} ${frameLabel(found.frame)}`;
  const busyMs = stretch.busyUs / 1000;
  const known = byFunction.get(key);
  const isLongest = busyMs > (known?.longestMs ?? 0);
  const seen = isLongest
    ? {
        file: window.file,
        startMs: window.startMs + stretch.fromUs / 1000,
        endMs: window.startMs + stretch.toUs / 1000,
      }
    : {};
  byFunction.set(key, {
    pid: window.pid,
    label: shortFrameLabel(found.frame),
    calledBy: found.caller && shortFrameLabel(found.caller),
    file: window.file,
    startMs: window.startMs,
    endMs: window.endMs,
    ...known,
    ...seen,
    stretches: (known?.stretches ?? 0) + 1,
    longestMs: Math.max(known?.longestMs ?? 0, busyMs),
    totalMs: (known?.totalMs ?? 0) + busyMs,
  });
}

/** The deepest function that was on the stack nearly all the time, and the own code above it. */
function explain(profile: Profile, stretch: Stretch): { frame: Frame; caller: Frame | null } | undefined {
  const byDepth = commonFrames(profile, stretch).filter((frame) => frameKind(frame) !== 'waiting');
  const frame = byDepth[0];
  const own = byDepth.find((each) => frameKind(each) === 'own');
  // Only the runtime is common to the stretch: many short tasks, or V8 itself.
  if (frame === undefined || (own === undefined && frameKind(frame) === 'runtime')) return undefined;
  return { frame, caller: own === undefined || own === frame ? null : own };
}

/** The frames that were on the stack in nearly all of the stretch, the deepest first. */
function commonFrames(profile: Profile, stretch: Stretch): Frame[] {
  const seen = new Map<number, { us: number; depth: number }>();
  for (const [leaf, us] of stretch.leaves) {
    const stack = stackOf(profile, leaf);
    for (const frame of new Set(stack)) {
      const known = seen.get(frame) ?? { us: 0, depth: 0 };
      seen.set(frame, { us: known.us + us, depth: Math.max(known.depth, stack.lastIndexOf(frame)) });
    }
  }
  return [...seen]
    .filter(([, { us }]) => us >= stretch.busyUs * explainingShare)
    .toSorted(([, a], [, b]) => b.depth - a.depth)
    .flatMap(([frame]) => profile.frames[frame] ?? []);
}
