import { frameWeights } from '../../profile/frame-weights.ts';
import { mergeProfiles } from '../../profile/merge-profiles.ts';
import { frameClassWords } from '../../profile/frame-class.ts';
import { readFlame } from '../../profile/read-flame.ts';
import type { Artifacts } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { frameKind, shortFrameLabel, type FrameKind } from '../../profile/frame-kind.ts';
import { shareWithin, sum } from './statistics.ts';

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
  /** Bundle paths of the profiles that were read. */
  files: string[];
  /** Time in JavaScript, native code and garbage collection. */
  busyMs: number;
  /** By self time, the hottest first. */
  frames: HotFrame[];
  /** By what kind of work was known to be done, e.g. `JSON`, of the same time; the greatest first. */
  work: { kind: string; share: number }[];
}

/** What each profiled process spent its time in. */
export const hotFrames = defineFact(['profiles'], ({ profiles }): HotFrames[] => {
  const pids = [...new Set(profiles.map(({ pid }) => pid))].toSorted((a, b) => a - b);
  return pids.map((pid) =>
    hotFramesOf(
      pid,
      profiles.filter((each) => each.pid === pid),
    ),
  );
});

function hotFramesOf(pid: number, windows: Artifacts['profiles']): HotFrames {
  const profile = mergeProfiles(
    windows.map((window) => window.profile),
    String(pid),
  );
  const { self, total } = frameWeights(profile);
  const busyUs = sum(
    profile.frames.map((frame, at) => (frameKind(frame) === 'waiting' ? 0 : (self[at] ?? 0))),
  );
  return {
    pid,
    files: windows.map(({ file }) => file),
    busyMs: busyUs / 1000,
    work: readFlame(profile)
      .classes.filter((row) => row.class !== 'other')
      .map(({ class: name, share }) => ({ kind: frameClassWords[name], share })),
    frames: profile.frames
      .map((frame, at) => ({
        label: shortFrameLabel(frame),
        kind: frameKind(frame),
        selfShare: shareWithin(self[at] ?? 0, busyUs),
        totalShare: shareWithin(total[at] ?? 0, busyUs),
      }))
      .filter(({ kind }) => kind !== 'waiting')
      .toSorted((a, b) => b.selfShare - a.selfShare || (a.label < b.label ? -1 : 1)),
  };
}
