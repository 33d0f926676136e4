import { rounded } from './statistics.ts';

/** Samples at which half of the doubt about their amount is gone. */
const halfConvincingSamples = 3;
/** What a figure right at its threshold is worth; twice the threshold (or half of it) is worth everything. */
const atThreshold = 0.6;
/** What a finding is worth that only one source shows. */
const singleSource = 0.75;

/**
 * How sure a verdict is (0..1), the product of three parts that a reader can check by hand:
 * the amount of samples, n / (n + 3); the separation, 0.6 at the threshold growing to 1 at twice the
 * threshold, where `ratio` is value / threshold for a finding and threshold / value for a pass; and
 * corroboration, 0.75 when no second source shows the same. A scheme of our own, not a probability.
 */
export function confidenceOf(observed: { samples: number; ratio: number; corroborated: boolean }): number {
  const amount = observed.samples / (observed.samples + halfConvincingSamples);
  const separated = Math.min(
    1,
    Math.max(atThreshold, atThreshold + (1 - atThreshold) * (observed.ratio - 1)),
  );
  return rounded(amount * separated * (observed.corroborated ? 1 : singleSource));
}

/** The ratio that {@link confidenceOf} wants, for a value that is bad when it is at or above its threshold. */
export function separation(value: number, threshold: number): number {
  const ratio = value / threshold;
  if (ratio >= 1) return ratio;
  return ratio <= 0.5 ? 2 : 1 / ratio;
}

/** Fewer samples than this in the window are no basis for any verdict. */
export const fewestSamples = 3;
