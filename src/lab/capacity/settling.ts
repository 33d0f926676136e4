/** Windows that are left after the cut must be at least this many for a figure and its spread. */
export const fewestWindows = 3;
/** A mean whose standard error is below this share of it is known well enough to go on. */
const goodRelativeError = 0.015;

/**
 * Where a series becomes steady: the cut after which the mean is known best, by the marginal standard error rule
 * (White, An Effective Truncation Heuristic for Bias Reduction in Simulation Output, Simulation 69(6), 1997). At most
 * the first half is cut, as a minimum further on is chance.
 */
export function steadyFrom(values: readonly number[]): number {
  const latest = Math.min(Math.floor(values.length / 2), values.length - fewestWindows);
  let best = { at: 0, error: Infinity };
  for (let at = 0; at <= latest; at += 1) {
    const error = squaredError(values.slice(at));
    if (error < best.error) best = { at, error };
  }
  return best.at;
}

/** Whether the values after the cut are enough, and agree well enough, to end a step before its time. */
export function isSettled(values: readonly number[]): boolean {
  const kept = values.slice(steadyFrom(values));
  if (kept.length <= fewestWindows) return false;
  const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
  return mean > 0 && Math.sqrt(squaredError(kept)) <= goodRelativeError * mean;
}

/** The square of the standard error of the mean, but for a factor that tends to one. */
function squaredError(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length ** 2;
}
