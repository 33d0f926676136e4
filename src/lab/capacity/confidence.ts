import { createRandom } from '../load/random.ts';
import { quantile } from '../diagnose/computed/statistics.ts';

/** Enough for the ends of an interval of 95 in 100 to stand still in two digits. */
const resamples = 200;
/** The same bundle gives the same interval. */
const seed = 1;

export interface Interval {
  low: number;
  high: number;
}

/**
 * Percentile bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13): draws the windows
 * of every step anew, with replacement, and gives the interval that holds 95 of 100 results. What a result is
 * undefined for is left out. It tells the noise of the windows; that of another day or machine it cannot know.
 */
export function bootstrap(
  steps: readonly (readonly number[])[],
  statistic: (resampled: number[][]) => number | undefined,
): Interval | undefined {
  const random = createRandom(seed);
  const results: number[] = [];
  for (let at = 0; at < resamples; at += 1) {
    const drawn = steps.map((windows) =>
      windows.map(() => windows[Math.floor(random() * windows.length)] ?? 0),
    );
    const result = statistic(drawn);
    if (result !== undefined) results.push(result);
  }
  if (results.length < resamples / 2) return undefined;
  return { low: quantile(results, 0.025), high: quantile(results, 0.975) };
}
