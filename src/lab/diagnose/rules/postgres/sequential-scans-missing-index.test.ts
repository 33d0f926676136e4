import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { planKeeping, scansOfLargeTable } from '../../../../../test/support/large-table.ts';
import { syntheticRun, tableCounters } from '../../../../../test/support/synthetic-run.ts';
import { sequentialScansMissingIndex } from './sequential-scans-missing-index.ts';

/** The first advice where the plan came with this about an index. */
const adviceOf = (more: object): string | undefined => {
  const tried = {
    node: 0,
    schema: 'public',
    table: 'audit_log',
    columns: ['actor'],
    ddl: 'CREATE INDEX ON public.audit_log (actor)',
    verdict: 'helps' as const,
    why: null,
    cost: { before: 4167, after: 950 },
    sizeBytes: 6_000_000,
    ...more,
  };
  const plans = planKeeping(0.01).map((plan) => ({ ...plan, indexAdvice: [tried] }));
  return findingOf(sequentialScansMissingIndex, scansOfLargeTable(50_000, { plans })).advice[0];
};

describe('sequential-scans-missing-index', () => {
  test.for(noiseLevels)('fails scans that keep few rows, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) =>
        judge(
          sequentialScansMissingIndex,
          scansOfLargeTable(50_000, { noise, seed, plans: planKeeping(0.01) }),
        ).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('names the table, the rate, the plan and the share of the response time', () => {
    const { title, value, evidence, impact } = findingOf(
      sequentialScansMissingIndex,
      scansOfLargeTable(50_000, { plans: planKeeping(0.01) }),
    );
    expect(title).toBe(
      'Sequential scans of `public.audit_log` read 500,000 rows/s to keep 1 %: an index is missing',
    );
    expect(value).toBe(500_000);
    expect(evidence.map(({ source }) => source)).toEqual([
      'pg_stat_user_tables',
      'EXPLAIN (FORMAT JSON)',
      'pg_stat_statements',
      'pg_stat_statements, load generator',
    ]);
    expect(evidence[1]?.file).toBe('plans/9.json');
    expect(impact).toBeGreaterThan(0.3);
  });

  test('advises the index that was tried when the plan was taken', () => {
    expect(adviceOf({})).toBe(
      '`CREATE INDEX ON public.audit_log (actor)`: checked with hypopg, the planner uses it and the cost of the statement falls from 4,167 to 950.',
    );
    expect(adviceOf({ verdict: 'unchecked', why: 'hypopg is not installed', cost: null })).toBe(
      '`CREATE INDEX ON public.audit_log (actor)` (unchecked: hypopg is not installed).',
    );
    expect(adviceOf({ verdict: 'no-gain' })).toMatch(/^Add an index on the columns/);
  });

  test('takes a parallel scan for one although each of its processes counts as a scan', () => {
    const slots = scansOfLargeTable(50_000, { plans: planKeeping(0.01) });
    if (slots.postgres.status !== 'ok') throw new Error('the synthetic run has PostgreSQL');
    for (const series of slots.postgres.value.values()) {
      for (const { data } of series) {
        data.tables = data.tables.map((table) => ({ ...table, seqScan: table.seqScan * 3 }));
      }
    }
    expect(judge(sequentialScansMissingIndex, slots).verdict).toBe('fail');
  });

  test('only warns of a table between 1,000 and 10,000 rows', () => {
    const slots = syntheticRun({
      change: {
        postgres: (sample, second) => ({
          ...sample,
          tables: [
            tableCounters('tools', { liveRows: 4000, seqScan: second * 50, seqTupRead: second * 200_000 }),
          ],
        }),
      },
    });
    expect(judge(sequentialScansMissingIndex, slots).verdict).toBe('warn');
  });

  test('leaves a filter that keeps nearly all rows to the other rule', () => {
    const slots = scansOfLargeTable(50_000, { plans: planKeeping(1) });
    expect(judge(sequentialScansMissingIndex, slots).verdict).toBe('pass');
  });

  test.for([
    ['no plan was taken', planKeeping(null)],
    ['plans could not be taken', undefined],
  ] as const)('says that the split is open when %s, and is less sure', ([, plans]) => {
    const planned = findingOf(
      sequentialScansMissingIndex,
      scansOfLargeTable(50_000, { plans: planKeeping(0.01) }),
    );
    const slots = scansOfLargeTable(50_000, plans === undefined ? {} : { plans: [...plans] });
    const open = findingOf(
      sequentialScansMissingIndex,
      plans === undefined ? without(slots, 'plans') : slots,
    );
    expect(open.verdict).toBe('fail');
    expect(open.title).toContain('an index is missing or the filter does not select');
    expect(open.counterEvidence).toHaveLength(1);
    expect(open.confidence).toBeLessThan(planned.confidence);
  });

  test('passes small tables, however often they are scanned', () => {
    expect(judge(sequentialScansMissingIndex, scansOfLargeTable(900)).verdict).toBe('pass');
  });

  test('counts on when the statistics are reset in the middle of the run', () => {
    const slots = syntheticRun({
      change: {
        postgres: (sample, second) => ({
          ...sample,
          tables: [
            tableCounters('audit_log', {
              liveRows: 50_000,
              seqScan: (second % 9) * 10,
              seqTupRead: (second % 9) * 500_000,
            }),
          ],
        }),
      },
    });
    const { verdict, value } = findingOf(sequentialScansMissingIndex, slots);
    expect(verdict).toBe('fail');
    expect(value).toBeGreaterThan(300_000);
    expect(value).toBeLessThanOrEqual(500_000);
  });

  test('is not checked without PostgreSQL', () => {
    expect(judge(sequentialScansMissingIndex, without(syntheticRun(), 'postgres')).verdict).toBe(
      'not-checked',
    );
  });
});
