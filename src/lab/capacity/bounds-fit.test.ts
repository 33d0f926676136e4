import { describe, expect, it } from 'vitest';
import { createRandom } from '../load/random.ts';
import { fitBounds } from './bounds-fit.ts';
import { fitModels } from './knee.ts';
import { type BoundsModel, kneeUsers, throughputAt, type ThroughputModel } from './throughput-models.ts';

const model: BoundsModel = { kind: 'bounds', cycleMs: 150, maxRps: 160 };
const levels = [1, 2, 4, 8, 16, 19, 23, 28, 32, 38, 46];

function measured(of: ThroughputModel, noise: number, seed = 1): { users: number; rps: number }[] {
  const random = createRandom(seed);
  return levels.map((users) => ({ users, rps: throughputAt(of, users) * (1 + noise * (2 * random() - 1)) }));
}

describe('the operational bounds', () => {
  it('are found exactly where there is no noise, with their corner', () => {
    const fit = fitBounds(measured(model, 0));
    expect(fit?.model.cycleMs).toBeCloseTo(150, 3);
    expect(fit?.model.maxRps).toBeCloseTo(160, 3);
    expect(fit === undefined ? undefined : kneeUsers(fit.model, 46)).toBeCloseTo(24, 3);
  });

  it.each([1, 2, 3, 4, 5])('are found within the noise (seed %i)', (seed) => {
    const fit = fitBounds(measured(model, 0.05, seed));
    if (fit === undefined) throw new Error('no fit');
    expect(Math.abs(fit.model.maxRps - 160)).toBeLessThan(0.04 * 160);
    expect(Math.abs((kneeUsers(fit.model, 46) ?? NaN) - 24)).toBeLessThan(0.08 * 24);
  });

  it('are not fitted while throughput still grows in proportion', () => {
    expect(fitBounds([1, 2, 4, 8, 16].map((users) => ({ users, rps: users * 6 })))).toBeUndefined();
  });

  it('describe a hard limit better than the Universal Scalability Law does, and contention worse', () => {
    expect(fitModels(measured(model, 0.03))[0]?.model.kind).toBe('bounds');
    const usl = { kind: 'usl', lambdaRps: 10, sigma: 0.08, kappa: 0.0005 } as const;
    expect(fitModels(measured(usl, 0.03))[0]?.model.kind).toBe('usl');
  });
});
