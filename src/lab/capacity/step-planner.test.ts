import { describe, expect, it } from 'vitest';
import { capacityStep } from '../../../test/support/capacity-steps.ts';
import { createRandom } from '../load/random.ts';
import { planNext, type Ramp } from './step-planner.ts';
import type { Step } from './step.ts';

type System = (users: number, visit: number) => Step;

/** Lets the planner drive a system to its end. */
function drive(system: System, ramp: Ramp = { startUsers: 1, maxUsers: 1000 }) {
  const steps: Step[] = [];
  for (;;) {
    const next = planNext(steps, ramp);
    if (next.kind === 'end') return { ...next, steps, users: steps.map(({ users }) => users) };
    if (steps.length >= 60) throw new Error('the planner finds no end');
    steps.push(system(next.users, steps.filter(({ users }) => users === next.users).length + 1));
  }
}

/** A hard limit: 6.67 requests a second per user, 160 at most. */
const limited: System = (users) => capacityStep(users, Math.min(users / 0.15, 160));

const breaking: System = (users) => capacityStep(users, users, { broken: ['p95<1ms'] });

function saturatedAt(users: number, visits: number): System {
  return (each, visit) =>
    capacityStep(each, each * 5, { generator: each === users && visit <= visits ? 'saturated' : 'ok' });
}

describe('the ramp', () => {
  it('doubles, goes on in fifths, and fills in what it skipped around the knee', () => {
    const { reason, users, holdUsers } = drive(limited);
    expect(reason).toBe('throughput');
    expect(users.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 38, 46]);
    const around = users.filter((each) => each >= 16 && each <= 38).toSorted((a, b) => a - b);
    for (const [index, each] of around.entries()) {
      expect((around[index + 1] ?? each) / each).toBeLessThan(1.28);
    }
    expect(holdUsers).toBeGreaterThan(24);
    expect(holdUsers).toBeLessThan(36);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('ends for the same reason with 3 %% of noise (seed %i)', (seed) => {
    const random = createRandom(seed);
    const noisy: System = (users) => capacityStep(users, limited(users, 1).rps * (0.97 + 0.06 * random()));
    const { reason, users } = drive(noisy);
    expect(reason).toBe('throughput');
    expect(Math.max(...users)).toBeGreaterThanOrEqual(32);
    expect(users.length).toBeLessThan(22);
  });

  it('ends where throughput falls again', () => {
    const { reason, holdUsers } = drive((users) =>
      capacityStep(users, (10 * users) / (1 + 0.01 * (users - 1) + 0.001 * users * (users - 1))),
    );
    expect(reason).toBe('throughput');
    expect(holdUsers).toBeLessThan(60);
  });

  it('ends at the most users, and never asks for more', () => {
    const { reason, users } = drive((each) => capacityStep(each, each * 3), { startUsers: 5, maxUsers: 100 });
    expect(reason).toBe('max-users');
    expect(users).toEqual([5, 10, 20, 40, 80, 100]);
  });

  it('closes in on a threshold from both sides', () => {
    const { reason, steps, holdUsers } = drive((users) =>
      capacityStep(users, users * 5, { broken: users > 70 ? ['p95<200ms'] : [] }),
    );
    expect(reason).toBe('threshold');
    const kept = Math.max(...steps.filter(({ broken }) => broken.length === 0).map(({ users }) => users));
    expect(kept).toBeGreaterThan(63);
    expect(kept).toBeLessThanOrEqual(70);
    expect(holdUsers).toBeGreaterThan(70);
  });

  it('looks below its start where that already breaks a threshold, down to one user', () => {
    const { reason, users } = drive(breaking, { startUsers: 8, maxUsers: 100 });
    expect(reason).toBe('threshold');
    expect(users).toEqual([8, 8, 4, 4, 2, 2, 1, 1]);
  });

  it('measures again what broke a threshold once, and goes on when it was chance', () => {
    const { reason, users } = drive((each, visit) =>
      capacityStep(each, limited(each, 1).rps, { broken: each === 8 && visit === 1 ? ['p95<200ms'] : [] }),
    );
    expect(users.slice(0, 6)).toEqual([1, 2, 4, 8, 8, 16]);
    expect(reason).toBe('throughput');
  });

  it('measures again what broke a threshold once, though fewer users did so by chance before', () => {
    const { users } = drive(
      (each, visit) =>
        capacityStep(each, each * 5, {
          broken: (each === 20 && visit === 1) || each >= 40 ? ['p95<200ms'] : [],
        }),
      { startUsers: 20, maxUsers: 1000 },
    );
    expect(users.slice(0, 4)).toEqual([20, 20, 40, 40]);
  });

  it('ends when the generator is saturated three times in a row, not twice', () => {
    expect(drive(saturatedAt(64, 3))).toMatchObject({ reason: 'generator', holdUsers: 64 });
    expect(drive(saturatedAt(64, 2)).reason).toBe('max-users');
  });

  it('gives a level that fell far below its neighbours one more chance', () => {
    const { users } = drive((each, visit) =>
      capacityStep(each, limited(each, 1).rps * (each === 8 && visit === 1 ? 0.5 : 1)),
    );
    expect(users.filter((each) => each === 8)).toHaveLength(2);
  });
});
