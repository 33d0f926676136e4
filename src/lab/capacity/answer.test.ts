import { describe, expect, it } from 'vitest';
import { capacityStep } from '../../../test/support/capacity-steps.ts';
import { createRandom } from '../load/random.ts';
import { concludeRamp, type RampResult } from './answer.ts';
import { planNext, type Ramp } from './step-planner.ts';
import type { Step } from './step.ts';

const ramp: Ramp = { startUsers: 1, maxUsers: 100 };

function concluded(system: (users: number) => Step): RampResult {
  const steps: Step[] = [];
  for (;;) {
    const next = planNext(steps, ramp);
    if (next.kind === 'end') return concludeRamp(steps, system(next.holdUsers), ramp);
    steps.push(system(next.users));
  }
}

/** Eight places of 50 ms each and 100 ms of think time, so 160 a second and a knee at 24 users. */
function limited(users: number, random: () => number = () => 0.5): Step {
  const noisy = (): number => Math.min(users / 0.15, 160) * (0.95 + 0.1 * random());
  const windowsRps = [noisy(), noisy(), noisy(), noisy()];
  const rps = windowsRps.reduce((sum, value) => sum + value, 0) / windowsRps.length;
  return capacityStep(users, rps, { windowsRps, p95Ms: Math.max(55, (users / 160) * 1000 - 100) });
}

describe('the answer', () => {
  it.each([1, 2, 3, 4, 5])('is the plateau, with the knee at its corner (seed %i)', (seed) => {
    const random = createRandom(seed);
    const { ended, answer, knee, fits } = concluded((users) => limited(users, random));
    expect(ended).toBe('throughput');
    expect(answer?.atLeast).toBe(false);
    expect(Math.abs((answer?.rps ?? NaN) - 160)).toBeLessThan(8);
    expect(Math.abs((knee?.users ?? NaN) - 24)).toBeLessThan(2.4);
    expect(answer?.interval?.low).toBeLessThanOrEqual(answer?.rps ?? NaN);
    expect(answer?.interval?.high).toBeGreaterThanOrEqual(answer?.rps ?? NaN);
    expect(fits[0]?.model.kind).toBe('bounds');
  });

  it.each([1, 2, 3])('belongs to a measured level that reached it, not to the corner (seed %i)', (seed) => {
    const random = createRandom(seed);
    // As a single thread of 8 ms does: near its limit users already wait for each other, so there is no corner.
    const queueing = (users: number): Step => {
      const rps = 125 * (1 - Math.exp(-users / 8)) * (0.995 + 0.01 * random());
      return capacityStep(users, rps);
    };
    const measured = new Map<number, number>();
    const { answer, knee } = concluded((users) => {
      const step = queueing(users);
      measured.set(users, step.rps);
      return step;
    });
    expect(answer?.users).toBeGreaterThan(knee?.users ?? NaN);
    expect(measured.get(answer?.users ?? NaN)).toBeGreaterThanOrEqual(answer?.interval?.low ?? NaN);
  });

  it('tells from where on p95 has doubled', () => {
    const { latencyKneeUsers } = concluded((users) => limited(users));
    expect(latencyKneeUsers).toBeGreaterThan(30);
    expect(latencyKneeUsers).toBeLessThan(40);
  });

  it('is the most that keeps a threshold, and no knee is claimed', () => {
    const { answer, knee, judged } = concluded((users) =>
      capacityStep(users, users * 5, { broken: users > 40 ? ['p95<200ms'] : [] }),
    );
    expect(answer?.users).toBeGreaterThan(36);
    expect(answer?.users).toBeLessThanOrEqual(40);
    expect(answer?.rps).toBeCloseTo((answer?.users ?? NaN) * 5, -1);
    expect(answer?.atLeast).toBe(false);
    expect(knee).toBeUndefined();
    expect(judged?.broken).toEqual([]);
  });

  it('is a lower bound where the users or the generator ran out', () => {
    const linear = concluded((users) => capacityStep(users, users * 5));
    expect(linear).toMatchObject({ ended: 'max-users', answer: { users: 100, atLeast: true } });
    const { ended, answer } = concluded((users) =>
      capacityStep(users, users * 5, { generator: users >= 64 ? 'saturated' : 'ok' }),
    );
    expect([ended, answer?.atLeast, answer?.users]).toEqual(['generator', true, 32]);
  });

  it('is not hidden by a hold that other programs disturbed', () => {
    const steps = [3, 6, 7, 8, 14, 17].map((users) => capacityStep(users, Math.min(users * 2.7, 19)));
    const disturbed = capacityStep(8, 11);
    const { ended, answer, knee } = concludeRamp(steps, disturbed, { startUsers: 3, maxUsers: 100 });
    expect({ ended, atLeast: answer?.atLeast }).toEqual({ ended: 'throughput', atLeast: false });
    expect(knee).toBeDefined();
    expect(answer?.users).toBe(7);
  });

  it('is none where even the first level breaks a threshold', () => {
    const result = concluded((users) => capacityStep(users, users, { broken: ['p95<1ms'] }));
    expect(result.answer).toBeUndefined();
    expect(result.judged?.broken).toEqual(['p95<1ms']);
  });

  it('is what was measured so far of a run that was stopped', () => {
    const steps = [1, 2, 4].map((users) => capacityStep(users, users * 5));
    expect(concludeRamp(steps, undefined, ramp)).toMatchObject({
      ended: 'interrupted',
      answer: { users: 4, atLeast: true },
    });
    expect(concludeRamp([], undefined, ramp)).toMatchObject({ ended: 'interrupted', answer: undefined });
  });

  it('repeats', () => {
    const random = createRandom(1);
    const first = concluded((users) => limited(users, random));
    const again = createRandom(1);
    expect(concluded((users) => limited(users, again))).toEqual(first);
  });
});
