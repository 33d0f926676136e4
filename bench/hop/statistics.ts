/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

/** How far values lie apart. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** A median, and between which two of the values that of everything that could have been measured lies, in 95 of 100 cases. */
export interface MedianInterval {
  readonly median: number;
  /** The least and the most of the values where they are too few (under six) for that certainty. */
  readonly low: number;
  readonly high: number;
}

/**
 * The interval of a median whatever the values are distributed like: its ends are the k-th values from below and above,
 * k the greatest for which a fair coin falls on one side less than k times of n in no more than 2.5 of 100 cases
 * (W. J. Conover, Practical Nonparametric Statistics, section 3.2).
 */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = values.toSorted((a, b) => a - b);
  const { length } = sorted;
  let rank = 0;
  let ways = 1;
  let tail = 2 ** -length;
  while (tail <= 0.025) {
    rank += 1;
    ways *= (length - rank + 1) / rank;
    tail += ways * 2 ** -length;
  }
  const at = Math.max(0, rank - 1);
  return {
    median: median(values),
    low: sorted[at] ?? Number.NaN,
    high: sorted[length - 1 - at] ?? Number.NaN,
  };
}
