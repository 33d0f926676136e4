import { describe, expect, it } from 'vitest';
import { diffProfiles } from './diff-profiles.ts';
import type { Frame, Profile } from './profile.ts';
import { sliceProfile } from './slice-profile.ts';

const frame = (name: string): Frame => ({ name, file: '', line: 0, column: 0 });

/** One node below the root for each name, sampled one after the other. */
const profileOf = (stacks: [name: string, us: number][], startMs = 0): Profile => {
  const names = ['(root)', ...new Set(stacks.map(([name]) => name))];
  const samples = stacks.map(([name, us]) => ({ node: names.indexOf(name), weight: us }));
  const nodes = names.map((_, at) => ({
    frame: at,
    parent: at === 0 ? -1 : 0,
    self: samples.reduce((sum, { node, weight }) => (node === at ? sum + weight : sum), 0),
  }));
  const endMs = startMs + stacks.reduce((sum, [, us]) => sum + us, 0) / 1000;
  const part = { name: 'x', unit: 'microseconds', order: 'time', interval: 1000 } as const;
  return { ...part, startMs, endMs, frames: names.map(frame), nodes, samples };
};
const selves = (profile: Profile | undefined): Record<string, number> =>
  Object.fromEntries(
    (profile?.nodes ?? []).map(({ frame: at, self }) => [profile?.frames[at]?.name ?? '', self]),
  );

describe('a profile cut to a range', () => {
  const profile = profileOf(
    [
      ['parse', 4000],
      ['hash', 4000],
    ],
    1000,
  );

  it('holds exactly the time inside, parts of samples too', () => {
    const cut = sliceProfile(profile, 1002, 1005);
    expect(selves(cut)).toEqual({ '(root)': 0, parse: 2000, hash: 1000 });
    expect(cut).toMatchObject({ startMs: 1002, endMs: 1005 });
  });

  it('is left out when none of it is inside', () => {
    expect(sliceProfile(profile, 1008, 1010)).toBeUndefined();
    expect(sliceProfile(profile, 0, 1000)).toBeUndefined();
  });

  it('comes whole when its samples have no order', () => {
    const unordered = { ...profile, order: 'none' as const };
    expect(sliceProfile(unordered, 1007, 1020)).toBe(unordered);
  });
});

describe('the difference of two profiles', () => {
  it('compares shares, so that their lengths do not matter', () => {
    const { nodes, frames } = diffProfiles(
      profileOf([
        ['parse', 50],
        ['hash', 50],
      ]),
      profileOf([
        ['hash', 900],
        ['render', 100],
      ]),
    );
    const shares = nodes.map((node) => [frames[node.frame]?.name, node.selfBefore, node.selfAfter]);
    expect(shares).toEqual([
      ['(root)', 0, 0],
      ['parse', 0.5, 0],
      ['hash', 0.5, 0.9],
      ['render', 0, 0.1],
    ]);
  });

  it('leaves out of both wholes what does not count', () => {
    const idle = profileOf([
      ['(idle)', 900],
      ['hash', 100],
    ]);
    const { nodes, after } = diffProfiles(idle, idle, ({ name }) => name !== '(idle)');
    expect(nodes.map(({ selfAfter }) => selfAfter)).toEqual([0, 0, 1]);
    expect(after).toBe(100);
  });

  it('refuses time against bytes', () => {
    const time = profileOf([['hash', 1]]);
    expect(() => diffProfiles(time, { ...time, unit: 'bytes' })).toThrow('do not compare');
  });
});
