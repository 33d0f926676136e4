import { describe, expect, it } from 'vitest';
import type { Profile } from '../profile/profile.ts';
import { packProfile, unpackProfile } from './pack-profile.ts';

const profile: Profile = {
  name: 'gateway',
  unit: 'microseconds',
  order: 'time',
  startMs: 0,
  endMs: 1,
  interval: 1,
  frames: ['(root)', 'main', 'rare', 'rarer'].map((name) => ({
    name,
    file: '/app/main.ts',
    line: 1,
    column: 1,
  })),
  nodes: [
    { frame: 0, parent: -1, self: 0 },
    { frame: 1, parent: 0, self: 997 },
    { frame: 2, parent: 1, self: 2 },
    { frame: 3, parent: 2, self: 1 },
  ],
  samples: [
    { node: 1, weight: 997 },
    { node: 2, weight: 2 },
    { node: 3, weight: 1 },
  ],
};

describe('a profile packed for the report', () => {
  it('keeps everything when nothing is small', () => {
    const packed = packProfile(profile, { minShare: 0, keepSamples: true });
    expect(packed.nodes).toEqual({ frame: [0, 1, 2, 3], parent: [-1, 0, 1, 2], self: [0, 997, 2, 1] });
    expect(packed.samples.node).toEqual([1, 2, 3]);
  });

  it('folds small stacks into their callers, whose time and samples stay whole', () => {
    const packed = packProfile(profile, { minShare: 0.01, keepSamples: true });
    expect(packed.frames.name).toEqual(['(root)', 'main']);
    expect(packed.nodes.self).toEqual([0, 1000]);
    expect(packed.samples).toEqual({ node: [1, 1, 1], weight: [997, 2, 1] });
  });

  it('is unpacked as it was, marks and all', () => {
    const frames = profile.frames.toSpliced(1, 1, {
      ...(profile.frames[1] ?? { name: '', file: '', line: 0, column: 0 }),
      marks: [{ kind: 'deoptimised', reason: 'wrong map', count: 2 }],
    });
    const marked = { ...profile, frames };
    expect(unpackProfile(packProfile(marked, { minShare: 0, keepSamples: true }))).toEqual(marked);
  });

  it('keeps what ran in which second, when it loses the order within', () => {
    const samples = [1, 2, 1, 1, 2].map((node) => ({ node, weight: 400_000 }));
    const packed = packProfile({ ...profile, samples }, { minShare: 0, keepSamples: true, sampleMs: 1000 });
    expect(packed.samples).toEqual({ node: [1, 2, 1, 2], weight: [800_000, 400_000, 400_000, 400_000] });
    expect(packed.order).toBe('time');
  });

  it('has no order without its samples', () => {
    expect(packProfile(profile, { minShare: 0, keepSamples: false }).order).toBe('none');
  });
});
