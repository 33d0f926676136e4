import type { Frame, Profile } from '../../profile/profile.ts';
import type { Artifacts } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { frameKind, frameLabel, type FrameKind } from './frame-kind.ts';
import { shareWithin } from './statistics.ts';

/** One function of a process, over all of its profile windows. Shares are of the time that was not spent waiting. */
export interface HotFrame {
  label: string;
  kind: FrameKind;
  /** 0..1, the function's own time. */
  selfShare: number;
  /** 0..1, with what it called; recursion counts once. */
  totalShare: number;
}

export interface HotFrames {
  pid: number;
  target: string;
  /** Bundle paths of the profiles that were read. */
  files: string[];
  /** Time in JavaScript, native code and garbage collection, within `profiledMs`. */
  busyMs: number;
  profiledMs: number;
  /** By self time, the hottest first. */
  frames: HotFrame[];
}

interface Times {
  frame: Frame;
  selfUs: number;
  totalUs: number;
}

/** What each profiled process spent its time in. */
export const hotFrames = defineFact(['profiles'], ({ profiles }): HotFrames[] => {
  const pids = [...new Set(profiles.map(({ pid }) => pid))].toSorted((a, b) => a - b);
  return pids.map((pid) => hotFramesOf(profiles.filter((each) => each.pid === pid)));
});

function hotFramesOf(windows: Artifacts['profiles']): HotFrames {
  const times = new Map<string, Times>();
  for (const { profile } of windows) addProfile(times, profile);
  const busy = [...times.values()].filter(({ frame }) => frameKind(frame) !== 'waiting');
  const busyUs = busy.reduce((total, { selfUs }) => total + selfUs, 0);
  return {
    pid: windows[0]?.pid ?? 0,
    target: windows[0]?.target ?? '',
    files: windows.map(({ file }) => file),
    busyMs: busyUs / 1000,
    profiledMs: windows.reduce((total, { startMs, endMs }) => total + endMs - startMs, 0),
    frames: busy
      .map(({ frame, selfUs, totalUs }) => ({
        label: frameLabel(frame),
        kind: frameKind(frame),
        selfShare: shareWithin(selfUs, busyUs),
        totalShare: shareWithin(totalUs, busyUs),
      }))
      .toSorted((a, b) => b.selfShare - a.selfShare || (a.label < b.label ? -1 : 1)),
  };
}

function addProfile(times: Map<string, Times>, profile: Profile): void {
  const subtreeUs = profile.nodes.map(({ selfUs }) => selfUs);
  // A parent comes before its children, so one pass from the end sums every subtree.
  for (let at = profile.nodes.length - 1; at > 0; at -= 1) {
    const parent = profile.nodes[at]?.parent ?? -1;
    if (parent >= 0) subtreeUs[parent] = (subtreeUs[parent] ?? 0) + (subtreeUs[at] ?? 0);
  }
  for (const [at, node] of profile.nodes.entries()) {
    const frame = profile.frames[node.frame];
    if (frame === undefined) continue;
    const key = frameKey(frame);
    const known = times.get(key) ?? { frame, selfUs: 0, totalUs: 0 };
    known.selfUs += node.selfUs;
    if (!calledWithin(profile, at, key)) known.totalUs += subtreeUs[at] ?? 0;
    times.set(key, known);
  }
}

/** Whether the function of a node is already on the stack above it. */
function calledWithin(profile: Profile, at: number, key: string): boolean {
  for (const ancestor of ancestorsOf(profile, at)) {
    if (frameKey(ancestor) === key) return true;
  }
  return false;
}

/** The frames above a node, the nearest first. */
export function* ancestorsOf(profile: Profile, at: number): Generator<Frame> {
  for (let node = profile.nodes[at]; node !== undefined && node.parent >= 0;) {
    node = profile.nodes[node.parent];
    const frame = node && profile.frames[node.frame];
    if (frame !== undefined) yield frame;
  }
}

export function frameKey(frame: Frame): string {
  return `${frame.name} ${frame.file}:${frame.line}:${frame.column}`;
}
