import { describe, expect, it } from 'vitest';
import type { Profile } from '../profile/profile.ts';
import { packProfile } from './pack-profile.ts';

const profile: Profile = {
  name: 'gateway',
  startMs: 0,
  endMs: 1,
  intervalUs: 1,
  frames: ['(root)', 'main', 'rare', 'rarer'].map((name) => ({
    name,
    file: '/app/main.ts',
    line: 1,
    column: 1,
  })),
  nodes: [
    { frame: 0, parent: -1, selfUs: 0 },
    { frame: 1, parent: 0, selfUs: 997 },
    { frame: 2, parent: 1, selfUs: 2 },
    { frame: 3, parent: 2, selfUs: 1 },
  ],
  samples: [
    { node: 1, deltaUs: 997 },
    { node: 2, deltaUs: 2 },
    { node: 3, deltaUs: 1 },
  ],
};

describe('a profile packed for the report', () => {
  it('keeps everything when nothing is small', () => {
    const packed = packProfile(profile, { minShare: 0, keepSamples: true });
    expect(packed.nodes).toEqual({ frame: [0, 1, 2, 3], parent: [-1, 0, 1, 2], selfUs: [0, 997, 2, 1] });
    expect(packed.samples.node).toEqual([1, 2, 3]);
  });

  it('folds small stacks into their callers, whose time and samples stay whole', () => {
    const packed = packProfile(profile, { minShare: 0.01, keepSamples: true });
    expect(packed.frames.name).toEqual(['(root)', 'main']);
    expect(packed.nodes.selfUs).toEqual([0, 1000]);
    expect(packed.samples).toEqual({ node: [1, 1, 1], deltaUs: [997, 2, 1] });
  });

  it('says whose code each frame is', () => {
    expect(packProfile(profile, { minShare: 0, keepSamples: false }).frames.kind).toEqual([
      'waiting',
      'own',
      'own',
      'own',
    ]);
  });
});
