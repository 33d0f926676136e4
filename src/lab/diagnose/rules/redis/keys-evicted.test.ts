import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun, type SyntheticRunOptions } from '../../../../../test/support/synthetic-run.ts';
import type { ArtifactSlots } from '../../artifacts.ts';
import { keysEvicted } from './keys-evicted.ts';

function evictions(perS: number, options: SyntheticRunOptions = {}): ArtifactSlots {
  return syntheticRun({
    ...options,
    change: {
      redis: (sample, second) => ({
        ...sample,
        evictedKeys: Math.floor(second * perS),
        usedMemoryBytes: 1e9,
        maxMemoryBytes: 1e9,
      }),
    },
  });
}

describe('keys-evicted', () => {
  test.for(noiseLevels)('warns of a cache that is too small, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(keysEvicted, evictions(20, { noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'warn'));
  });

  test('tells how many, by which policy, and how full it is', () => {
    const { title, evidence } = findingOf(keysEvicted, evictions(20));
    expect(title).toBe('Redis evicts 20 keys each second');
    expect(evidence[0]?.text).toContain('(policy allkeys-lru); 100 % of maxmemory are used.');
  });

  test.for(noiseLevels)('passes a cache that has room, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(keysEvicted, syntheticRun({ noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('passes a few at the edge, and is not checked without Redis', () => {
    expect(judge(keysEvicted, evictions(0.2)).verdict).toBe('pass');
    expect(judge(keysEvicted, without(syntheticRun(), 'redis')).verdict).toBe('not-checked');
  });
});
