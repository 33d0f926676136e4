import { expect, test } from 'vitest';
import { findingOf, judge, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { memoryNearLimit } from './memory-near-limit.ts';

const using = (memoryBytes: number, memoryLimitBytes: number | null, killsAt?: number) =>
  syntheticRun({
    change: {
      container: (sample, second) => ({
        ...sample,
        memoryBytes,
        memoryLimitBytes,
        oomKills: killsAt !== undefined && second >= killsAt ? 2 : 0,
      }),
    },
  });

test('warns of a container that uses nearly all of its memory', () => {
  const { verdict, title } = findingOf(memoryNearLimit, using(95e6, 100e6));
  expect([verdict, title]).toEqual(['warn', 'web uses 95 % of the memory that it may']);
});

test('fails one in which the kernel killed in the window, and only then', () => {
  expect(findingOf(memoryNearLimit, using(50e6, 100e6, 8))).toMatchObject({
    verdict: 'fail',
    title: 'web ran out of memory: the kernel killed 2 times',
  });
  expect(judge(memoryNearLimit, using(50e6, 100e6, 0)).verdict).toBe('pass');
});

test('passes one with room', () => {
  expect(judge(memoryNearLimit, using(50e6, 100e6)).verdict).toBe('pass');
});

test('is not checked without a limit, or without a container', () => {
  const reason = 'no container with a limit of its memory was given';
  expect(judge(memoryNearLimit, using(50e6, null))).toEqual({ verdict: 'not-checked', reason });
  expect(judge(memoryNearLimit, without(syntheticRun(), 'container')).verdict).toBe('not-checked');
});
