import { describe, expect, it } from 'vitest';
import { userChanges } from './user-stages.ts';
import type { UserChange, UserStage } from './user-stages.ts';

const stages: UserStage[] = [
  { durationMs: 1000, users: 5 },
  { durationMs: 2000, users: 5 },
  { durationMs: 500, users: 12 },
  { durationMs: 1000, users: 3 },
  { durationMs: 900, users: 0 },
];
const byTime = (a: UserChange, b: UserChange): number => a.atMs - b.atMs;
const whole = { index: 0, processes: 1 };

/** Users after each change up to `atMs`. */
function usersAt(atMs: number): number {
  return [...userChanges(stages, whole)].reduce(
    (users, change) => users + (change.atMs <= atMs ? change.by : 0),
    0,
  );
}

describe('stages of users', () => {
  it('rise and fall in straight lines', () => {
    expect([...userChanges([{ durationMs: 1000, users: 4 }], whole)]).toEqual(
      [0, 250, 500, 750].map((atMs) => ({ atMs, by: 1 })),
    );
    expect(
      [
        ...userChanges(
          [
            { durationMs: 1, users: 2 },
            { durationMs: 1000, users: 0 },
          ],
          whole,
        ),
      ].slice(2),
    ).toEqual([
      { atMs: 501, by: -1 },
      { atMs: 1001, by: -1 },
    ]);
  });

  it('reach each level, keep it, and leave nobody', () => {
    expect([0, 1000, 2999, 3500, 4500, 5400].map(usersAt)).toEqual([1, 5, 5, 12, 3, 0]);
  });

  it('change in order', () => {
    const times = [...userChanges(stages, whole)].map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  it.each([2, 3, 20])(
    'are the same for %d processes together, none of which ever has less than no user',
    (processes) => {
      const dealt = Array.from({ length: processes }, (_, index) => [
        ...userChanges(stages, { index, processes }),
      ]);
      for (const own of dealt) {
        let users = 0;
        for (const { by } of own) expect((users += by)).toBeGreaterThanOrEqual(0);
      }
      expect(dealt.flat().toSorted(byTime)).toEqual([...userChanges(stages, whole)].toSorted(byTime));
    },
  );
});
