import { describe, expect, test } from 'vitest';
import { addKey, type KeySample, mergeKeys } from './key-sample.ts';

describe('a sample of keys', () => {
  test('holds late keys as well as early ones', () => {
    const late = sampleOf(10_000, (at) => at).sample.filter((at) => at >= 5000);
    // 50 draws at one half: outside of this in less than one of a million million runs.
    expect(late.length).toBeGreaterThan(2);
    expect(late.length).toBeLessThan(48);
  });

  test('that is merged weighs each part by its keys', () => {
    const many = sampleOf(10_000, () => 'many');
    mergeKeys(
      many,
      sampleOf(60, () => 'few'),
      50,
    );
    expect(many.count).toBe(10_060);
    expect(many.sample).toHaveLength(50);
    expect(many.sample.filter((part) => part === 'few').length).toBeLessThan(10);
    const few = sampleOf(60, () => 'few');
    mergeKeys(
      few,
      sampleOf(10_000, () => 'many'),
      50,
    );
    expect(few.sample.filter((part) => part === 'few').length).toBeLessThan(10);
  });

  test('that is merged holds all keys while they are few', () => {
    const group = sampleOf(3, (at) => at);
    mergeKeys(
      group,
      sampleOf(4, (at) => at + 3),
      50,
    );
    expect(group.sample.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

function sampleOf<Key>(count: number, key: (at: number) => Key): KeySample<Key> {
  const group: KeySample<Key> = { count: 0, sample: [] };
  for (let at = 0; at < count; at += 1) addKey(group, key(at), 50);
  return group;
}
