import { describe, expect, test } from 'vitest';
import { counterGrowth, mean, median, quantile, rounded, shareOf, shareWithin } from './statistics.ts';

describe('statistics', () => {
  test('quantiles lie between neighbours, whatever the order', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.95)).toBe(48);
    expect(median([7])).toBe(7);
    expect(quantile([], 0.9)).toBe(0);
  });

  test('a counter that was reset counts on from zero', () => {
    expect(counterGrowth([100, 150, 20, 30])).toBe(80);
    expect(counterGrowth([100])).toBe(0);
    expect(counterGrowth([])).toBe(0);
  });

  test('shares stay within 0 and 1 and survive an empty whole', () => {
    expect(shareOf([1, 2, 3, 4], (value) => value > 3)).toBe(0.25);
    expect(shareOf([], () => true)).toBe(0);
    expect(shareWithin(3, 2)).toBe(1);
    expect(shareWithin(1, 0)).toBe(0);
    expect(mean([])).toBe(0);
  });

  test('rounds to the decimals asked for', () => {
    expect([rounded(1.005), rounded(2.345, 1), rounded(1234.5, 0)]).toEqual([1, 2.3, 1235]);
  });
});
