import { expect, test } from 'vitest';
import { samplingIntervalUs } from './sampling-interval.ts';

test.each([1, 30, 99, 100, 200, 250, 1000, 5000, 10_000])(
  '%i samples a second are whole microseconds, and nearly as many',
  (rateHz) => {
    const intervalUs = samplingIntervalUs(rateHz);
    expect(Number.isInteger(intervalUs)).toBe(true);
    expect(Math.abs(1e6 / intervalUs / rateHz - 1)).toBeLessThan(0.13);
  },
);

test.each([5, 10, 20, 25, 40, 50, 100])(
  'a program with a timer of %i ms is not sampled in step',
  (turnMs) => {
    const busyShare = 0.35;
    for (const rateHz of [99, 100, 200, 250, 1000]) {
      for (const lateUs of [60, 160]) {
        const periodMs = (samplingIntervalUs(rateHz) + lateUs) / 1000;
        const samples = Math.round(20_000 / periodMs);
        const inBusyPart = Array.from({ length: samples }, (_, at) => (at * periodMs) % turnMs).filter(
          (inTurnMs) => inTurnMs < turnMs * busyShare,
        );
        expect(Math.abs(inBusyPart.length / samples - busyShare)).toBeLessThan(0.03);
      }
    }
  },
);
