import type { Evidence } from '../../run-document.ts';
import { counted, figure, percent, shortSql } from './figures.ts';
import type { LargeTableScans } from './large-table-scans.ts';

const listedStatements = 2;

/** What was seen of a scanned table, the same for every rule that finds fault with it. */
export function scanEvidence(scanned: LargeTableScans): Evidence[] {
  const { explained } = scanned;
  return [
    {
      text: `\`${scanned.name}\` (${counted(scanned.liveRows, 'live row')}) was scanned ${counted(scanned.seqScans, 'time')}, ${figure(scanned.averageRowsPerScan)} rows each, while its indexes were used ${counted(scanned.idxScans, 'time')}.`,
      source: 'pg_stat_user_tables',
      chart: 'sequential-reads',
    },
    ...(explained === undefined
      ? []
      : [
          {
            text: `Its filter keeps ${percent(explained.keptShare)} of the rows${explained.plan.mode === 'analyze' ? '' : ', the planner estimates'}: ${shortSql(explained.plan.sql)}`,
            source: 'EXPLAIN (FORMAT JSON)',
            file: explained.plan.file,
          },
        ]),
    ...scanned.statements.slice(0, listedStatements).map((statement) => ({
      text: `${figure(statement.callsPerS)} calls/s of ${figure(statement.meanMs)} ms each, ${percent(statement.share)} of the time of all statements: ${shortSql(statement.query)}`,
      source: 'pg_stat_statements',
    })),
    ...(scanned.responseTimeShare === null
      ? []
      : [
          {
            text: `These statements took ${percent(scanned.responseTimeShare)} of the time that requests took.`,
            source: 'pg_stat_statements, load generator',
            chart: 'latency',
          },
        ]),
  ];
}
