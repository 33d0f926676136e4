import { expect, it } from 'vitest';
import { arrivalSchedule, countArrivals } from './executors/arrival-schedule.ts';
import { ownCount, placeAmongAll } from './process-share.ts';

const shares = (processes: number) => Array.from({ length: processes }, (_, index) => ({ index, processes }));

it.each([1, 2, 3, 7])('%d processes have exactly the users of the plan between them, spread evenly', (n) => {
  for (const users of [0, 1, 2, 3, 10, 3000, 3001]) {
    const counts = shares(n).map((share) => ownCount(users, share));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(users);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  }
});

it.each([1, 2, 3, 7])('%d processes deal the arrivals of one schedule, each to one of them', (n) => {
  const plan = {
    kind: 'ramping-arrival-rate',
    startRatePerS: 3,
    stages: [
      { durationMs: 1000, ratePerS: 40 },
      { durationMs: 2000, ratePerS: 0 },
    ],
  } as const;
  const whole = arrivalSchedule(plan);
  const expected = Array.from({ length: countArrivals(plan) }, (_, index) => whole(index));
  const dealt = shares(n).flatMap((share) => {
    const due = arrivalSchedule(plan);
    const own: number[] = [];
    for (let index = 0; ; index += 1) {
      const dueMs = due(placeAmongAll(index, share));
      if (dueMs === undefined) return own;
      own.push(dueMs);
    }
  });
  expect(dealt.toSorted((a, b) => a - b)).toEqual(expected);
});

it('gives no two users of all processes the same place', () => {
  const places = shares(3).flatMap((share) => [0, 1, 2, 3].map((own) => placeAmongAll(own, share)));
  expect(places.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});
