import { describe, expect, it } from 'vitest';
import { createRandom } from '../load/random.ts';
import { peakUsers, throughputAt, type UslModel } from './throughput-models.ts';
import { fitUsl } from './usl-fit.ts';

const levels = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64];

function measured(model: UslModel, noise: number, seed: number): { users: number; rps: number }[] {
  const random = createRandom(seed);
  return levels.map((users) => ({
    users,
    rps: throughputAt(model, users) * (1 + noise * (2 * random() - 1)),
  }));
}

describe('the Universal Scalability Law', () => {
  const cases: [string, UslModel][] = [
    ['a peak within what was measured', { kind: 'usl', lambdaRps: 1000, sigma: 0.02, kappa: 0.0005 }],
    ['contention alone', { kind: 'usl', lambdaRps: 50, sigma: 0.1, kappa: 0 }],
    ['coherency alone', { kind: 'usl', lambdaRps: 7, sigma: 0, kappa: 0.001 }],
    ['proportional growth', { kind: 'usl', lambdaRps: 3, sigma: 0, kappa: 0 }],
  ];

  it.each(cases)('is found exactly where there is no noise: %s', (_name, model) => {
    const fit = fitUsl(measured(model, 0, 1));
    expect(fit?.rSquared).toBeCloseTo(1, 6);
    expect(fit?.model.lambdaRps).toBeCloseTo(model.lambdaRps, 3);
    expect(fit?.model.sigma).toBeCloseTo(model.sigma, 5);
    expect(fit?.model.kappa).toBeCloseTo(model.kappa, 6);
  });

  it.each([1, 2, 3, 4, 5])('is found within the noise, its peak within 10 % (seed %i)', (seed) => {
    const model: UslModel = { kind: 'usl', lambdaRps: 995, sigma: 0.0267, kappa: 0.000769 };
    const fit = fitUsl(measured(model, 0.03, seed));
    if (fit === undefined) throw new Error('no fit');
    expect(fit.rSquared).toBeGreaterThan(0.98);
    expect(Math.abs((fit.model.lambdaRps - model.lambdaRps) / model.lambdaRps)).toBeLessThan(0.05);
    const peak = peakUsers(model) ?? NaN;
    expect(Math.abs(((peakUsers(fit.model) ?? NaN) - peak) / peak)).toBeLessThan(0.1);
    const highest = throughputAt(model, peak);
    expect(Math.abs((throughputAt(fit.model, peak) - highest) / highest)).toBeLessThan(0.03);
  });

  it('keeps σ and κ at or above zero, also where throughput grows more than in proportion', () => {
    const fit = fitUsl(levels.map((users) => ({ users, rps: users ** 1.2 })));
    expect(fit?.model.sigma).toBeGreaterThanOrEqual(0);
    expect(fit?.model.kappa).toBeGreaterThanOrEqual(0);
    expect(fit === undefined ? undefined : peakUsers(fit.model)).toBeNull();
  });

  it('wants four different numbers of users', () => {
    expect(fitUsl([1, 2, 3, 3, 2, 1].map((users) => ({ users, rps: users })))).toBeUndefined();
  });

  it('says by R² that it does not describe what goes up and down', () => {
    const fit = fitUsl(levels.map((users, index) => ({ users, rps: index % 2 === 0 ? 100 : 20 })));
    expect(fit?.rSquared).toBeLessThan(0.5);
  });
});
