import type { Artifacts } from '../artifacts.ts';
import type { Facts } from './facts.ts';
import { loadInWindow } from './load-in-window.ts';
import { statementDeltas, type StatementDelta } from './statement-deltas.ts';
import { rounded, shareWithin, sum } from './statistics.ts';
import { planOfScans, tableScans, type TableScans } from './table-scans.ts';

/** The guide calls a sequential scan fine on tables of less than 1000 rows. */
export const smallTableRows = 1000;
/** PgHero speaks of a missing index from 10,000 rows on. */
export const largeTableRows = 10_000;
/** What one core reads in about a hundredth of a second; less is no load worth a finding. */
export const heavyReadingRowsPerS = 100_000;
/**
 * A scan that reads at least this share of the live rows is a full one. PostgreSQL counts a scan for each process
 * of a parallel one, and by default up to three take part, so that a full scan may look like a third of itself.
 */
const fullScanShare = 0.5 / 3;
/** A filter that removes less than a tenth of the rows does not select: no index would help. */
export const selectiveKeptShare = 0.9;

/** One heavily scanned table with what else is known about it. */
export interface LargeTableScans extends TableScans {
  /** The plan that reads it, and the share of the rows that its filter keeps; undefined when there is none. */
  explained: { plan: Artifacts['plans'][number]; keptShare: number } | undefined;
  /** Statements of the window that name the table, the most time first. */
  statements: StatementDelta[];
  /** Share (0..1) of the response time that those statements took; null without statements or load. */
  responseTimeShare: number | null;
}

/** The tables that are read sequentially, in full, often: what both rules about sequential scans start from. */
export function largeTableScans(
  facts: Facts<'phases' | 'postgres', 'plans' | 'statements' | 'load'>,
  plans: Artifacts['plans'] | undefined,
): LargeTableScans[] {
  const statements = facts.find(statementDeltas) ?? [];
  const load = facts.find(loadInWindow);
  return facts
    .get(tableScans)
    .filter(isLargeAndFull)
    .map((scans) => {
      const reading = statements.filter(({ query }) => names(query, scans.table));
      const msPerS = sum(reading.map((each) => each.msPerS));
      return {
        ...scans,
        explained: planOfScans(plans, scans),
        statements: reading,
        responseTimeShare:
          load === undefined || load.seconds === 0 || reading.length === 0
            ? null
            : rounded(shareWithin(msPerS, load.responseTimeMs / load.seconds)),
      };
    });
}

function isLargeAndFull({ liveRows, rowsReadPerS, averageRowsPerScan }: TableScans): boolean {
  return (
    liveRows >= smallTableRows &&
    rowsReadPerS >= heavyReadingRowsPerS &&
    averageRowsPerScan >= liveRows * fullScanShare
  );
}

function names(query: string, table: string): boolean {
  return query
    .toLowerCase()
    .split(/[^\p{L}\p{N}_$]+/u)
    .includes(table.toLowerCase());
}
