import { stackOf } from './frame-label.ts';
import type { Profile } from './profile.ts';

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
    unit: 'microseconds';
    startValue: number;
    endValue: number;
    /** Stacks of frame indices, outermost first, in order of time. */
    samples: number[][];
    weights: number[];
  }[];
}

/** A speedscope document with one profile: its time order shows when within the window each stack ran. */
export function toSpeedscope(profile: Profile): SpeedscopeFile {
  const stacks = profile.nodes.map((_, index) => stackOf(profile, index));
  const weights = profile.samples.map(({ weight }) => weight);
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    name: profile.name,
    exporter: 'gaugeway',
    activeProfileIndex: 0,
    shared: {
      frames: profile.frames.map(({ name, file, line, column }) => ({
        name,
        ...(file === '' ? {} : { file }),
        ...(line > 0 ? { line } : {}),
        ...(column > 0 ? { col: column } : {}),
      })),
    },
    profiles: [
      {
        type: 'sampled',
        name: profile.name,
        unit: 'microseconds',
        startValue: 0,
        endValue: weights.reduce((sum, weight) => sum + weight, 0),
        samples: profile.samples.map(({ node }) => stacks[node] ?? []),
        weights,
      },
    ],
  };
}
