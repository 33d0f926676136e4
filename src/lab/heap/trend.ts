import { median } from '../diagnose/computed/statistics.ts';
import type { MemoryReading } from './leak-verdict.ts';

/** Which way a series goes: bytes per millisecond, with the interval that holds the slope in 95 of 100 cases. */
export interface Trend {
  slope: number;
  low: number;
  high: number;
  /** That a series without a trend looks as much like one, up or down. */
  probability: number;
}

/** Of the normal distribution, for a two-sided 95 %. */
const z95 = 1.96;

/**
 * Theil–Sen slope (the median of the slopes of all pairs: Theil 1950, Sen 1968) with Sen's confidence interval
 * (Sen 1968; Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., 9.3), and the trend test of
 * Mann (1945) and Kendall (1975) in its normal approximation, corrected for ties and for continuity. Outliers of up to
 * 29 % of the readings do not move the slope, and nothing is assumed of how they are distributed.
 */
export function trendOf(readings: readonly MemoryReading[]): Trend {
  const count = readings.length;
  const slopes: number[] = [];
  let concordance = 0;
  for (const [at, later] of readings.entries()) {
    for (const earlier of readings.slice(0, at)) {
      concordance += Math.sign(later.bytes - earlier.bytes);
      if (later.atMs > earlier.atMs) slopes.push((later.bytes - earlier.bytes) / (later.atMs - earlier.atMs));
    }
  }
  slopes.sort((a, b) => a - b);
  const deviation = Math.sqrt(concordanceVariance(readings));
  const z = deviation === 0 ? 0 : (concordance - Math.sign(concordance)) / deviation;
  const reach = z95 * Math.sqrt(varianceOf(count));
  const lowAt = Math.max(0, Math.round((slopes.length - reach) / 2));
  const highAt = Math.min(slopes.length - 1, Math.round((slopes.length + reach) / 2));
  return {
    slope: median(slopes),
    low: slopes[lowAt] ?? 0,
    high: slopes[highAt] ?? 0,
    probability: 2 * (1 - normalCdf(Math.abs(z))),
  };
}

/** Of Kendall's S: n (n - 1) (2n + 5) / 18, less the same of each group of equal values. */
function concordanceVariance(readings: readonly MemoryReading[]): number {
  const ties = new Map<number, number>();
  for (const { bytes } of readings) ties.set(bytes, (ties.get(bytes) ?? 0) + 1);
  return varianceOf(readings.length) - [...ties.values()].reduce((all, n) => all + varianceOf(n), 0);
}

function varianceOf(n: number): number {
  return (n * (n - 1) * (2 * n + 5)) / 18;
}

/** Abramowitz and Stegun 26.2.17; off by less than 1e-7, for z from zero on. */
function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
