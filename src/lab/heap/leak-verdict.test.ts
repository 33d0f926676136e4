import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/support/synthetic-run.ts';
import { leakVerdict, type MemoryReading } from './leak-verdict.ts';
import { trendOf } from './trend.ts';

const mib = 2 ** 20;
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** A reading a second. */
const series = (seconds: number, mibAt: (second: number) => number): MemoryReading[] =>
  Array.from({ length: seconds + 1 }, (_, second) => ({ atMs: second * 1000, bytes: mibAt(second) * mib }));
/** Garbage that is collected every `periodS` seconds. */
const garbage = (second: number, periodS: number, mostMib: number): number =>
  ((second % periodS) / periodS) * mostMib;

describe('a leak', () => {
  test('grows, at its rate, until its limit', () => {
    const verdict = leakVerdict(
      series(300, (second) => 60 + second / 10 + garbage(second, 7, 12)),
      { limitBytes: 690 * mib },
    );
    expect(verdict.verdict).toBe('growing');
    expect(verdict.bytesPerMinute / mib).toBeCloseTo(6, 0);
    expect(verdict.lowBytesPerMinute).toBeGreaterThan(0);
    expect(verdict.highBytesPerMinute).toBeGreaterThanOrEqual(verdict.bytesPerMinute);
    expect((verdict.untilLimitMs ?? 0) / 60_000).toBeCloseTo(100, -1);
    expect(verdict.confidence).toBeGreaterThan(0.7);
  });

  test.for(seeds)('is seen through noise, seed %d', (seed) => {
    const random = seededRandom(seed);
    const verdict = leakVerdict(series(180, (second) => 60 + second / 10 + 8 * random()));
    expect(verdict.verdict).toBe('growing');
  });

  test('is surer the longer it is seen', () => {
    const confidences = [60, 180, 600].map((s) => leakVerdict(series(s, (x) => 60 + x / 5)).confidence);
    expect(confidences).toEqual(confidences.toSorted((a, b) => a - b));
    expect(confidences[0]).toBeLessThan(0.6);
  });
});

describe('no leak', () => {
  test.for([5, 13, 40])('is garbage that is collected every %d s', (periodS) => {
    const { verdict } = leakVerdict(series(300, (second) => 60 + garbage(second, periodS, 25)));
    expect(verdict).not.toBe('growing');
  });

  test('is garbage that was not collected yet, when full collections take it back', () => {
    const rising = series(60, (second) => 60 + second / 2);
    const collected = {
      before: { atMs: 0, bytes: 50 * mib },
      after: { atMs: 60_000, bytes: 50.5 * mib },
    };
    expect(leakVerdict(rising, { collected })).toMatchObject({
      verdict: 'steady',
      reason: 'what rose was garbage: full collections took it back',
    });
  });

  test('is one large fall against a small rise', () => {
    const { verdict, reason } = leakVerdict(series(300, (second) => 60 + garbage(second, 250, 40)));
    expect([verdict, reason]).not.toContain('growing');
  });

  test('is warm-up that ends', () => {
    const { verdict, reason } = leakVerdict(series(240, (second) => 60 + 40 * Math.min(1, second / 90)));
    expect([verdict, reason]).toEqual(['steady', 'it rose at first and then no more: warm-up']);
  });

  test('is not told of a cache that still fills', () => {
    const { verdict, reason } = leakVerdict(series(240, (second) => 60 + 60 * (1 - Math.exp(-second / 80))));
    expect([verdict, reason]).toEqual([
      'unclear',
      'it rises ever more slowly, as a cache that fills: look again later',
    ]);
  });

  test.for(seeds)('is noise, seed %d', (seed) => {
    const random = seededRandom(seed);
    const { verdict } = leakVerdict(series(180, () => 60 + 6 * random()));
    expect(verdict).toBe('steady');
  });

  test('is a rise too small to matter, memory that is given back, and no change at all', () => {
    expect(leakVerdict(series(120, (second) => 200 + second / 1000)).verdict).toBe('steady');
    expect(leakVerdict(series(120, (second) => 200 - second / 2)).verdict).toBe('steady');
    expect(leakVerdict(series(120, () => 200)).verdict).toBe('steady');
  });
});

test.each([0, 1, 10, 30])('%d readings are too few to tell', (seconds) => {
  const { verdict, confidence, reason } = leakVerdict(series(seconds, (second) => 60 + second));
  expect([verdict, confidence]).toEqual(['unclear', 0]);
  expect(reason).toContain('too few');
});

test('the trend agrees with worked figures', () => {
  // S = 10 of 5 rising values: z = 9 / sqrt(16.67) = 2.205, two-sided 0.0275.
  const rising = [1, 2, 3, 4, 5].map((value) => ({ atMs: value, bytes: value * 3 }));
  expect(trendOf(rising)).toMatchObject({ slope: 3, low: 3, high: 3 });
  expect(trendOf(rising).probability).toBeCloseTo(0.0275, 3);
  expect(trendOf([1, 2, 3].map((atMs) => ({ atMs, bytes: 7 }))).probability).toBeCloseTo(1, 6);
});
