import { describe, expect, it, test } from 'vitest';
import { arrivalSchedule, countArrivals, scheduleMs } from './arrival-schedule.ts';
import type { ArrivalPlan, ArrivalStage } from './arrival-schedule.ts';

const ramp = (startRatePerS: number, ...stages: [durationMs: number, ratePerS: number][]) =>
  ({
    kind: 'ramping-arrival-rate',
    startRatePerS,
    stages: stages.map(([durationMs, ratePerS]): ArrivalStage => ({ durationMs, ratePerS })),
  }) satisfies ArrivalPlan;

function allOf(plan: ArrivalPlan): number[] {
  const due = arrivalSchedule(plan);
  return Array.from({ length: countArrivals(plan) }, (_, index) => due(index) ?? NaN);
}

test('a constant rate is evenly spread and has no end', () => {
  const plan = { kind: 'constant-arrival-rate', ratePerS: 200 } as const;
  expect([0, 1, 2, 1_000_000].map(arrivalSchedule(plan))).toEqual([0, 5, 10, 5_000_000]);
  expect([countArrivals(plan), scheduleMs(plan)]).toEqual([Infinity, Infinity]);
});

describe('stages', () => {
  it('that keep their rate are evenly spread', () => {
    const due = allOf(ramp(4, [1000, 4]));
    expect(due).toEqual([0, 250, 500, 750]);
  });

  it('that rise from nothing arrive where the integral of the rate is whole', () => {
    // 50·t² arrivals after t seconds.
    const due = allOf(ramp(0, [1000, 100]));
    expect(due).toHaveLength(50);
    for (const [index, dueMs] of due.entries()) expect(50 * (dueMs / 1000) ** 2).toBeCloseTo(index, 6);
  });

  it.each([
    ['up', ramp(10, [2000, 50]), 60],
    ['down to nothing', ramp(50, [2000, 0]), 50],
    ['up, level, down', ramp(0, [1000, 30], [3000, 30], [500, 0]), 15 + 90 + 8],
    ['with a silent stage', ramp(20, [1000, 20], [1, 0], [2000, 0], [1, 20], [1000, 20]), 41],
    ['by fractions of a rate', ramp(0.1, [10_000, 0.1]), 1],
  ])('%s: each arrival comes once, in order, within the stages', (_name, plan, count) => {
    const due = allOf(plan);
    expect(due).toHaveLength(count);
    expect(due.every((dueMs) => dueMs >= 0 && dueMs <= scheduleMs(plan))).toBe(true);
    expect(due).toEqual(due.toSorted((a, b) => a - b));
    expect(arrivalSchedule(plan)(count)).toBeUndefined();
  });
});
