import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import {
  loadWindow,
  syntheticRun,
  type SyntheticRunOptions,
} from '../../../../../test/support/synthetic-run.ts';
import type { ArtifactSlots } from '../../artifacts.ts';
import { lowHitRate } from './low-hit-rate.ts';

/** A cache with so many hits and misses a second, after a long life in which everything hit. */
function cache(hitsPerS: number, missesPerS: number, options: SyntheticRunOptions = {}): ArtifactSlots {
  return syntheticRun({
    ...options,
    change: {
      redis: (sample, second) => ({
        ...sample,
        hits: 1e6 + second * hitsPerS,
        misses: second * missesPerS,
        expiredKeys: 0,
      }),
    },
  });
}

describe('low-hit-rate', () => {
  test.for(noiseLevels)('fails a cache that has gone cold after a long life, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(lowHitRate, cache(40, 160, { noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('tells the rate of now beside that of the whole life, and the misses for each request', () => {
    const { title, value, evidence, counterEvidence, impact } = findingOf(lowHitRate, cache(40, 160));
    expect(title).toBe("80 % of the cache's lookups miss, 160 each second");
    expect(value).toBe(20);
    expect(evidence[0]?.text).toContain('a hit rate of 20 % (good: over 90 %), while it is 100 % since');
    expect(evidence[1]?.text).toMatch(/^\d\.\d+ misses for each request of the load/);
    expect(counterEvidence[0]?.text).toContain('was never stored');
    expect(impact).toBe(1);
  });

  test('is worth a look when each request misses, however few a slow stack answers', () => {
    const slow = syntheticRun({
      change: {
        load: (sample) => ({ ...sample, byName: { 'tools/call demo-echo': loadWindow(10, 500) } }),
      },
    });
    const finding = findingOf(lowHitRate, { ...cache(1, 30), load: slow.load });
    expect(finding).toMatchObject({
      verdict: 'warn',
      title: "97 % of the cache's lookups miss, 3 for each request",
    });
    expect(finding.impact).toBeLessThan(0.2);
  });

  test('passes a low rate of few lookups, and many misses of very many', () => {
    expect(judge(lowHitRate, cache(5, 20)).verdict).toBe('pass');
    expect(judge(lowHitRate, cache(5000, 100)).verdict).toBe('pass');
  });

  test.for(noiseLevels)('passes a warm cache, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(lowHitRate, syntheticRun({ noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('passes a cache that nobody asks', () => {
    expect(findingOf(lowHitRate, cache(0, 0))).toMatchObject({ verdict: 'pass', value: null });
  });

  test('judges by Redis alone without the load, and is not checked without Redis', () => {
    expect(judge(lowHitRate, without(cache(40, 160), 'load')).verdict).toBe('fail');
    expect(judge(lowHitRate, without(syntheticRun(), 'redis')).verdict).toBe('not-checked');
  });
});
