import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun, type SyntheticRunOptions } from '../../../../../test/support/synthetic-run.ts';
import type { ArtifactSlots } from '../../artifacts.ts';
import { cacheBypassed } from './cache-bypassed.ts';

/** Sixty requests a second, and so many commands of Redis; the lab's own are two more. */
function commands(perS: number, options: SyntheticRunOptions = {}): ArtifactSlots {
  return syntheticRun({
    ...options,
    change: {
      redis: (sample, second) => ({
        ...sample,
        commands: second * (perS + 2),
        ownCommands: second * 2,
        cpuMs: second * 3,
      }),
    },
  });
}

describe('cache-bypassed', () => {
  test.for(noiseLevels)('warns when requests do not reach Redis, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(cacheBypassed, commands(1, { noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'warn'));
  });

  test('counts commands for each request, without those of the lab', () => {
    const { title, value, evidence } = findingOf(cacheBypassed, commands(3));
    expect(value).toBe(0.05);
    expect(title).toBe('Redis sees 0.05 operations for each request');
    expect(evidence[1]?.text).toBe('Redis used 0.3 % of a core.');
  });

  test.for(noiseLevels)('passes requests that ask the cache, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(cacheBypassed, syntheticRun({ noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('is not checked without Redis or without load', () => {
    expect(judge(cacheBypassed, without(commands(1), 'redis')).verdict).toBe('not-checked');
    expect(judge(cacheBypassed, without(commands(1), 'load')).verdict).toBe('not-checked');
  });
});
