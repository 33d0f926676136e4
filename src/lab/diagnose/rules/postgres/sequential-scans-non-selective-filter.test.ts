import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { planKeeping, scansOfLargeTable } from '../../../../../test/support/large-table.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { sequentialScansNonSelectiveFilter } from './sequential-scans-non-selective-filter.ts';

describe('sequential-scans-non-selective-filter', () => {
  test.for(noiseLevels)('fails scans whose filter keeps nearly all rows, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) =>
        judge(
          sequentialScansNonSelectiveFilter,
          scansOfLargeTable(50_000, { noise, seed, plans: planKeeping(0.97) }),
        ).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('advises against an index', () => {
    const { title, advice } = findingOf(
      sequentialScansNonSelectiveFilter,
      scansOfLargeTable(50_000, { plans: planKeeping(1) }),
    );
    expect(title).toContain('keep 100 % of them');
    expect(advice.some((line) => line.startsWith('Do not add an index'))).toBe(true);
  });

  test('is less sure of an estimated plan than of one that was run', () => {
    const [estimated, run] = (['generic', 'analyze'] as const).map(
      (mode) =>
        findingOf(
          sequentialScansNonSelectiveFilter,
          scansOfLargeTable(50_000, { plans: planKeeping(1, mode) }),
        ).confidence,
    );
    expect(estimated).toBeLessThan(run ?? 0);
  });

  test('passes a filter that selects', () => {
    const slots = scansOfLargeTable(50_000, { plans: planKeeping(0.01) });
    expect(judge(sequentialScansNonSelectiveFilter, slots).verdict).toBe('pass');
  });

  test('does not guess without a plan', () => {
    expect(judge(sequentialScansNonSelectiveFilter, scansOfLargeTable(50_000))).toMatchObject({
      verdict: 'not-checked',
      reason: expect.stringContaining('no plan'),
    });
  });

  test('is not checked without PostgreSQL', () => {
    expect(judge(sequentialScansNonSelectiveFilter, without(syntheticRun(), 'postgres')).verdict).toBe(
      'not-checked',
    );
  });
});
