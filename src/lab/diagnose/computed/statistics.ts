/** The value at quantile `q` (0..1), interpolated between neighbours (type 7 of Hyndman and Fan 1996); 0 when empty. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? 0;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : sum(values) / values.length;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The share (0..1) of the values for which `test` holds; 0 when empty. */
export function shareOf<T>(values: readonly T[], test: (value: T) => boolean): number {
  return values.length === 0 ? 0 : values.filter(test).length / values.length;
}

/** `part / whole` within 0..1; 0 when there is no whole. */
export function shareWithin(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

/** Growth of a cumulative counter over its readings; a counter that was reset counts on from zero. */
export function counterGrowth(readings: readonly number[]): number {
  return readings.reduce((total, reading, at) => {
    const before = at === 0 ? reading : (readings[at - 1] ?? reading);
    return total + (reading >= before ? reading - before : reading);
  }, 0);
}

/** To `digits` decimals, so that results read well and stay equal across machines. */
export function rounded(value: number, digits = 2): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}
