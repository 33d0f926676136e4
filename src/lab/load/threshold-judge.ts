import type { ThresholdResult } from '../run-document.ts';
import type { ObservedLoad } from '../timeline/samples.ts';
import { LoadStatistics } from './load-statistics.ts';
import { keeps, measure, unitOf } from './thresholds.ts';
import type { Threshold } from './thresholds.ts';

/** A window that was cut short by the end of a load says little. */
const shortestWindowMs = 500;
/** Windows in a row that break a threshold before a load is given up: one slow second is no verdict. */
export const windowsToGiveUp = 3;

interface Tally {
  threshold: Threshold;
  checked: number;
  broken: number;
  brokenInARow: number;
}

/**
 * Holds a load against its thresholds: each of its windows as it comes, and all of it together. The verdict is that
 * of all requests together; windows decide whether a load goes on.
 */
export class ThresholdJudge {
  readonly #all = new LoadStatistics();
  readonly #tallies: Tally[];

  constructor(thresholds: readonly Threshold[]) {
    this.#tallies = thresholds.map((threshold) => ({ threshold, checked: 0, broken: 0, brokenInARow: 0 }));
  }

  /** `ramping`: users still start, so that a rate of requests is not yet held against its limit. */
  add(sample: ObservedLoad, atMs: number, ramping = false): void {
    if (this.#tallies.length === 0) return;
    this.#all.add(sample, atMs);
    if (sample.windowMs < shortestWindowMs) return;
    const window = new LoadStatistics();
    window.add(sample, atMs);
    for (const tally of this.#tallies) {
      const { threshold } = tally;
      if (ramping && threshold.metric.kind === 'rps') continue;
      const value = measure(threshold, window.requestsOf(threshold.namePrefix));
      if (value === null) continue;
      tally.checked += 1;
      if (keeps(threshold, value)) {
        tally.brokenInARow = 0;
      } else {
        tally.broken += 1;
        tally.brokenInARow += 1;
      }
    }
  }

  /** A threshold that the last three windows broke, if there is one. */
  get givesUp(): Threshold | undefined {
    return this.#tallies.find(({ brokenInARow }) => brokenInARow >= windowsToGiveUp)?.threshold;
  }

  /**
   * One result per threshold. `abortedBy` is the text of the one that ended the load: it failed, whatever the figure
   * of the whole. A threshold that no request could be held against failed too: it proves nothing.
   */
  results(abortedBy?: string): ThresholdResult[] {
    return this.#tallies.map(({ threshold, checked, broken }) => {
      const value = measure(threshold, this.#all.requestsOf(threshold.namePrefix));
      const endedTheLoad = threshold.text === abortedBy;
      const kept = threshold.eachSecond
        ? checked > 0 && broken === 0
        : value !== null && keeps(threshold, value);
      return {
        threshold: threshold.text,
        value,
        unit: unitOf(threshold),
        limit: threshold.limit,
        passed: value !== null && kept && !endedTheLoad,
        endedTheLoad,
        windows: { checked, broken },
      };
    });
  }
}

/**
 * What became of each threshold, a line each, e.g. `✕ p95<200ms  412 ms  (7 of 30 windows broke it)`. `doubt` stands
 * behind times that a saturated generator measured.
 */
export function describeThresholds(results: readonly ThresholdResult[], doubt: '!' | '' = ''): string[] {
  const width = Math.max(0, ...results.map(({ threshold }) => threshold.length));
  return results.map(
    (result) => `${result.passed ? '✓' : '✕'} ${result.threshold.padEnd(width)}  ${figureOf(result, doubt)}`,
  );
}

function figureOf({ value, unit, endedTheLoad, windows }: ThresholdResult, doubt: '!' | ''): string {
  const figure =
    value === null
      ? 'no figure to hold against it'
      : `${Number(value.toPrecision(4))} ${unit}${unit === 'ms' ? doubt : ''}`;
  const notes = [
    ...(windows.broken > 0 ? [`${windows.broken} of ${windows.checked} windows broke it`] : []),
    ...(endedTheLoad ? ['ended the load'] : []),
  ];
  return notes.length === 0 ? figure : `${figure} (${notes.join(', ')})`;
}
