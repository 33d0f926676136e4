import { describe, expect, it } from 'vitest';
import type { Capacity } from '../capacity/capacity-schema.ts';
import { capacityLines } from './capacity-lines.ts';

/** As a server with one thread of 8 ms gave it: users wait for each other before the fitted lines cross. */
const singleThread: Capacity = {
  ended: 'throughput',
  answer: { rps: 121.2, interval: { low: 119.8, high: 122.4 }, users: 16, atLeast: false },
  knee: { users: 14, interval: { low: 13.8, high: 14.3 }, between: [12, 16], by: 'bounds' },
  latencyKneeUsers: null,
  fits: [
    { model: { kind: 'bounds', cycleMs: 116, maxRps: 121 }, rSquared: 0.99, peak: null },
    {
      model: { kind: 'usl', lambdaRps: 9.2, sigma: 0.02, kappa: 0.001 },
      rSquared: 0.98,
      peak: { users: 31, rps: 120, extrapolated: false },
    },
  ],
  limit: null,
  steps: [],
  caveats: [],
  advice: [],
};

function linesOf(change: Partial<Capacity> = {}): string {
  return capacityLines({ ...singleThread, ...change }, 1000, (text) => text).join('\n');
}

describe('the answer in words', () => {
  it('names the measured level that reached the throughput, and the knee as a place of the fitted lines', () => {
    const lines = linesOf();
    expect(lines).toContain(
      'This stack holds 121 requests/s, reached with 16 users; more users only wait longer.',
    );
    expect(lines).toContain(
      'The fitted lines cross at 14.0 users (13.8 to 14.3), between the measured 12 and 16 users.',
    );
    expect(lines).toContain('by these two lines, 116 ms from request to request while nobody waits');
  });

  it('says by what else the knee was found', () => {
    const knee = { users: 14, interval: null, between: [12, 16] } satisfies Partial<Capacity['knee']>;
    expect(linesOf({ knee: { ...knee, by: 'usl' } })).toContain(
      'The fitted curve has its knee at 14.0 users,',
    );
    expect(linesOf({ knee: { ...knee, by: 'steps' } })).toContain(
      'The knee lies between the measured 12 and 16 users.',
    );
  });
});
