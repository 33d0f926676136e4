import { expect, test } from 'vitest';
import { createLoadPlan } from './load-plan.ts';
import type { LoadPlan } from './load-plan.ts';

const targetUrl = 'http://127.0.0.1:4444';
const arrivals = { kind: 'constant-arrival-rate', ratePerS: 10, maxUsers: 100 } as const;

test('a plan without an executor is one of the closed model', () => {
  expect(createLoadPlan({ targetUrl }).executor).toEqual({ kind: 'closed-users' });
});

test.each<[Partial<LoadPlan>, string]>([
  [{ executor: arrivals, users: 101 }, 'users: must not exceed the most users that arrivals may take'],
  [
    { executor: arrivals, iterationsPerUser: 3 },
    'iterationsPerUser: belongs to users that decide by themselves, not to arrivals or stages',
  ],
  [{ executor: { ...arrivals, ratePerS: 1e6 } }, 'executor: Too big: expected number to be <=100000'],
  [
    {
      executor: {
        kind: 'ramping-arrival-rate',
        startRatePerS: 0,
        stages: [{ durationMs: 1000, ratePerS: 0 }],
        maxUsers: 100,
      },
    },
    'executor: the stages hold no arrival',
  ],
  [{ wait: { kind: 'between', minMs: 2, maxMs: 1 } }, 'wait: the lower bound must not exceed the upper one'],
  [{ wait: { kind: 'constant-throughput', tasksPerS: 0 } }, 'wait: Too small: expected number to be >=0.001'],
])('%j is refused with the field at fault', (settings, message) => {
  expect(() => createLoadPlan({ ...settings, targetUrl })).toThrow(
    expect.objectContaining({ code: 'usage', message: `load plan: ${message}` }),
  );
});

test.each(['http://jo:S3CRET@127.0.0.1/', 'http://S3CRET@127.0.0.1/mcp', 'https://:S3CRET@127.0.0.1'])(
  'a target with a user or a password in it is refused without being shown: %s',
  (url) => {
    const message =
      'load plan: targetUrl: must be without user and password, which would be shown: use --token';
    expect(() => createLoadPlan({ targetUrl: url })).toThrow(
      expect.objectContaining({ code: 'usage', field: 'targetUrl', message }),
    );
  },
);
