import type { Artifacts } from '../../src/lab/diagnose/artifacts.ts';
import { statement, syntheticRun, tableCounters, type SyntheticRunOptions } from './synthetic-run.ts';

const query = 'SELECT count(*) FROM audit_log WHERE actor = $1';

/** A run in which every second ten scans read `audit_log` in full. */
export function scansOfLargeTable(
  liveRows: number,
  more: SyntheticRunOptions = {},
): ReturnType<typeof syntheticRun> {
  return syntheticRun({
    toolCallMs: 20,
    ...more,
    change: {
      postgres: (sample, second) => ({
        ...sample,
        tables: [
          ...sample.tables,
          tableCounters('audit_log', { liveRows, seqScan: second * 10, seqTupRead: second * 10 * liveRows }),
        ],
      }),
      statements: (sample, second) => ({
        statements: [...sample.statements, statement('9', query, second * 10, second * 400)],
      }),
    },
  });
}

/** The plan of that scan, whose filter keeps this share of the rows. */
export function planKeeping(
  keptShare: number | null,
  mode: 'analyze' | 'generic' = 'analyze',
): Artifacts['plans'] {
  return [
    {
      queryId: '9',
      sql: query,
      mode,
      calls: 100,
      meanMs: 40,
      plan: { 'Node Type': 'Seq Scan' },
      sequentialScans: [{ schema: 'public', table: 'audit_log', liveRows: 50_000, keptShare }],
      file: 'plans/9.json',
    },
  ];
}
