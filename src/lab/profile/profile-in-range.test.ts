import { describe, expect, test } from 'vitest';
import { profileWindow } from '../../../test/support/synthetic-profile.ts';
import { diffProfiles } from './diff-profiles.ts';
import { grownFunctions } from './grown-functions.ts';
import { mergeProfiles } from './merge-profiles.ts';
import type { Profile } from './profile.ts';
import { profileInRange } from './profile-in-range.ts';
import { sliceProfile } from './slice-profile.ts';
import { withoutWaiting } from './without-waiting.ts';

const first = window('parse', 'render', 5000);
const second = window('render', 'flush', 10_000);

describe('the profile of a range of time', () => {
  test('has what ran in it, over the edges of windows, and nothing else', () => {
    const range = profileInRange([first, second], 8000, 11_000, 'gateway');
    expect(selfMs(range?.profile)).toEqual({ render: 3000 });
    expect(range).toMatchObject({ startMs: 8000, endMs: 11_000, isExact: true, windows: [0, 1] });
    expect(selfMs(profileInRange([first, second], 5500, 6500, 'gateway')?.profile)).toEqual({ parse: 1000 });
  });

  test('of replicas side by side is the sum of both', () => {
    expect(selfMs(profileInRange([first, first], 5000, 6000, 'all gateways')?.profile)).toEqual({
      parse: 2000,
    });
  });

  test('takes a window without order whole, and says which time that is', () => {
    const windows = [unordered(first), unordered(second)];
    expect(profileInRange(windows, 9500, 15_000, 'gateway')).toMatchObject({ windows: [1], isExact: true });
    expect(profileInRange(windows, 6000, 9000, 'gateway')).toMatchObject({
      startMs: 5000,
      endMs: 10_000,
      isExact: false,
    });
    expect(profileInRange(windows, 11_000, 12_000, 'gateway')).toMatchObject({
      windows: [1],
      isExact: false,
    });
  });

  test('is none where nothing was profiled', () => {
    expect(profileInRange([first, second], 0, 5000, 'gateway')).toBeUndefined();
  });
});

test('merged windows with a hole between keep every sample where it was taken', () => {
  const later = window('flush', 'close', 20_000);
  const merged = mergeProfiles([first, second, later], 'gateway');
  const isDone = (fromMs: number, toMs: number): Record<string, number> =>
    selfMs(sliceProfile(merged, fromMs, toMs));
  expect(merged).toMatchObject({ order: 'time', startMs: 5000, endMs: 25_000 });
  expect(isDone(9000, 11_000)).toEqual({ render: 2000 });
  expect(isDone(16_000, 18_000)).toEqual({ '(not profiled)': 2000 });
  expect(isDone(23_000, 25_000)).toEqual({ close: 2000 });
  expect(selfMs(withoutWaiting(merged))).toEqual({ parse: 2500, render: 5000, flush: 5000, close: 2500 });
});

test('what grew most is told first', () => {
  const [grown] = grownFunctions(diffProfiles(first, second));
  expect(grown).toMatchObject({ frame: { name: 'flush' }, before: 0, after: 0.5 });
});

function window(early: string, late: string, startMs: number): Profile {
  const stacks = [early, late].map((name) => ({ stack: [`${name} /app/server.ts`], ms: 2500 }));
  return profileWindow(stacks, startMs).profile;
}

function unordered(profile: Profile): Profile {
  return { ...profile, order: 'none' };
}

function selfMs(profile: Profile | undefined): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { frame, self } of profile?.nodes ?? []) {
    const name = profile?.frames[frame]?.name ?? '';
    if (self > 0) sums[name] = (sums[name] ?? 0) + self / 1000;
  }
  return sums;
}
