import { stackOf } from './frame-label.ts';
import { indexIn } from './index-in.ts';
import { frameKey } from './merge-profiles.ts';
import type { Frame, FrameMark, Profile, ProfileUnit } from './profile.ts';
import { type ProfileSet, asSet, weightsOf } from './profile-set.ts';

/** The part of speedscope's file format that a sampled profile needs (speedscope.app/file-format-schema.json). */
export interface SpeedscopeFile {
  $schema: 'https://www.speedscope.app/file-format-schema.json';
  name: string;
  exporter: string;
  activeProfileIndex: 0;
  shared: { frames: { name: string; file?: string; line?: number; col?: number }[] };
  profiles: {
    type: 'sampled';
    name: string;
    unit: ProfileUnit;
    startValue: number;
    endValue: number;
    /** Stacks of frame indices, outermost first, in order of time. */
    samples: number[][];
    weights: number[];
  }[];
  /** What the format has no place for, for {@link fromSpeedscope}; speedscope leaves it alone. */
  gaugeway: {
    title: string;
    facts: string[];
    /** By index of the frame. */
    marks: Record<number, FrameMark[]>;
    /** Of each profile. */
    parts: Pick<Profile, 'startMs' | 'endMs' | 'interval' | 'order'>[];
  };
}

/** A speedscope document, a profile for each part: its time order shows when within the window each stack ran. */
export function toSpeedscope(source: Profile | ProfileSet): SpeedscopeFile {
  const set = asSet(source);
  const frames: Frame[] = [];
  const frameOf = new Map<string, number>();
  const profiles = set.parts.map(({ label, profile }) => {
    const frameAt = profile.frames.map((frame) => indexIn(frames, frameOf, frameKey(frame), frame));
    const stacks = new Map<number, number[]>();
    const stackAt = (node: number): number[] => {
      let stack = stacks.get(node);
      if (stack === undefined) {
        stack = stackOf(profile, node).map((frame) => frameAt[frame] ?? 0);
        stacks.set(node, stack);
      }
      return stack;
    };
    const samples = weightsOf(profile);
    const weights = samples.map(({ weight }) => weight);
    return {
      type: 'sampled' as const,
      name: label,
      unit: profile.unit,
      startValue: 0,
      endValue: weights.reduce((sum, weight) => sum + weight, 0),
      samples: samples.map(({ node }) => stackAt(node)),
      weights,
    };
  });
  const marks: Record<number, FrameMark[]> = {};
  frames.forEach((frame, index) => {
    if (frame.marks !== undefined) marks[index] = frame.marks;
  });
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: set.title,
    exporter: 'gaugeway',
    activeProfileIndex: 0,
    shared: {
      frames: frames.map(({ name, file, line, column }) => ({
        name,
        ...(file === '' ? {} : { file }),
        ...(line > 0 ? { line } : {}),
        ...(column > 0 ? { col: column } : {}),
      })),
    },
    profiles,
    gaugeway: {
      title: set.title,
      facts: set.facts,
      marks,
      parts: set.parts.map(({ profile: { startMs, endMs, interval, order } }) => ({
        startMs,
        endMs,
        interval,
        order,
      })),
    },
  };
}
