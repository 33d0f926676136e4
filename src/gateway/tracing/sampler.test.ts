import { expect, test } from 'vitest';
import { createSampler } from './sampler.ts';

const low = `${'f'.repeat(18)}${'0'.repeat(14)}`;
const high = `${'0'.repeat(18)}${'f'.repeat(14)}`;
const parent = { traceId: high, spanId: '1'.repeat(16), sampled: true };

test('a sampler that follows parents decides only where there is none', () => {
  const follow = createSampler('parentbased_traceidratio', 0.5);
  expect([low, high].map((traceId) => follow(traceId, undefined))).toEqual([true, false]);
  expect(follow(high, parent)).toBe(true);
  expect(follow(low, { ...parent, sampled: false })).toBe(false);
});

test('others decide about every trace, by its last 56 bits where a share is wanted', () => {
  expect(createSampler('always_on', 0)(high, { ...parent, sampled: false })).toBe(true);
  expect(createSampler('always_off', 1)(low, parent)).toBe(false);
  expect(createSampler('traceidratio', 0.5)(high, parent)).toBe(false);
  expect(createSampler('traceidratio', 0)(low, parent)).toBe(false);
  expect(createSampler('traceidratio', 1)(high, undefined)).toBe(true);
});
