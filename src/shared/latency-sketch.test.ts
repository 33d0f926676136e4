import { describe, expect, test } from 'vitest';
import { LatencySketch } from './latency-sketch.ts';

/** A deterministic long-tailed series, like latencies: 10,000 values from 100 µs to some seconds. */
const values = Array.from({ length: 10_000 }, (_, index) => 100 * 1.001 ** ((index * 7919) % 10_000));
const sorted = values.toSorted((a, b) => a - b);

function sketchOf(part: readonly number[]): LatencySketch {
  const sketch = new LatencySketch();
  for (const value of part) sketch.record(value);
  return sketch;
}

describe('a latency sketch', () => {
  test.each([0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999])('is within 0.5 %% of the true quantile %d', (q) => {
    const exact = sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
    expect(Math.abs(sketchOf(values).quantileUs(q) / exact - 1)).toBeLessThanOrEqual(0.0051);
  });

  test.each<[string, (index: number) => number]>([
    ['even', (index) => 500 + index],
    ['of two humps', (index) => (index % 10 === 0 ? 2_000_000 : 900) + (index % 7)],
    ['all alike', () => 1234],
  ])('is within 0.5 %% where values are %s', (_shape, valueAt) => {
    const drawn = Array.from({ length: 5_000 }, (_, index) => valueAt(index));
    const ranked = drawn.toSorted((a, b) => a - b);
    const sketch = sketchOf(drawn);
    for (const q of [0.5, 0.89, 0.91, 0.95, 0.99]) {
      const exact = ranked[Math.floor(q * (ranked.length - 1))] ?? 0;
      expect(Math.abs(sketch.quantileUs(q) / exact - 1)).toBeLessThanOrEqual(0.0051);
    }
  });

  test('keeps count, sum and extremes exactly', () => {
    const sketch = sketchOf([250, 1000, 1_234_567]);
    expect(sketch.count).toBe(3);
    expect(sketch.sumUs).toBe(1_235_817);
    expect(sketch.minMs).toBe(0.25);
    expect(sketch.maxMs).toBe(1234.567);
    expect(sketch.quantileMs(0)).toBe(0.25);
    expect(sketch.quantileMs(1)).toBe(1234.567);
  });

  test('merged parts equal the whole, through JSON as well', () => {
    const merged = LatencySketch.from(JSON.parse(JSON.stringify(sketchOf(values.slice(0, 3000)))));
    merged.merge(sketchOf(values.slice(3000)));
    const { sumUs, ...rest } = merged.toJSON();
    const { sumUs: wholeSumUs, ...whole } = sketchOf(values).toJSON();
    expect(rest).toEqual(whole);
    expect(sumUs).toBeCloseTo(wholeSumUs, 3);
  });

  test('an empty one answers zero and merges as nothing', () => {
    const sketch = sketchOf([5000]);
    sketch.merge(new LatencySketch());
    expect(sketch.minMs).toBe(5);
    expect(new LatencySketch().quantileMs(0.5)).toBe(0);
    sketch.reset();
    expect(sketch.toJSON()).toEqual(new LatencySketch().toJSON());
  });

  test('values out of range are clamped into the outermost buckets, not lost', () => {
    const sketch = sketchOf([0, 1e12]);
    expect(sketch.count).toBe(2);
    expect(sketch.quantileUs(1)).toBe(1e12);
  });
});

test.each([
  [[1, 2, 100], 0.99, 100],
  [[1, 2, 100], 0.5, 2],
  [Array.from({ length: 16 }, (_, index) => (index === 15 ? 500 : 1)), 0.95, 500],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.95, 95],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.07, 7],
])('few values: the nearest rank, the fewest that hold the share', (valuesMs, q, expectedMs) => {
  const sketch = new LatencySketch();
  for (const ms of valuesMs) sketch.record(ms * 1000);
  expect(Math.abs(sketch.quantileMs(q) - expectedMs)).toBeLessThanOrEqual(expectedMs * 0.005);
});
