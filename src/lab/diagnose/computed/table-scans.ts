import type { PostgresSample, TableCounters } from '../../timeline/samples.ts';
import type { Artifacts, Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { counterGrowth } from './statistics.ts';
import { elapsedS, readingsIn, steadyWindow } from './window.ts';

/** How one table was read in the window. */
export interface TableScans {
  /** `schema.table` */
  name: string;
  table: string;
  liveRows: number;
  readings: number;
  seqScans: number;
  rowsReadPerS: number;
  averageRowsPerScan: number;
  idxScans: number;
}

/** Growth of pg_stat_user_tables over the window, the most rows read sequentially first. */
export const tableScans = defineFact(['phases', 'postgres'], ({ postgres }, facts): TableScans[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return [...postgres.values()]
    .flatMap((series) => scansOf(readingsIn(series, window)))
    .toSorted((a, b) => b.rowsReadPerS - a.rowsReadPerS || (a.name < b.name ? -1 : 1));
});

function scansOf(samples: readonly Timed<PostgresSample>[]): TableScans[] {
  const seconds = elapsedS(samples);
  if (seconds === 0) return [];
  return [...readingsByTable(samples)].map(([name, readings]) => {
    const seqScans = counterGrowth(readings.map(({ seqScan }) => seqScan));
    const rowsRead = counterGrowth(readings.map(({ seqTupRead }) => seqTupRead));
    return {
      name,
      table: readings.at(-1)?.table ?? name,
      liveRows: readings.at(-1)?.liveRows ?? 0,
      readings: readings.length,
      seqScans,
      rowsReadPerS: rowsRead / seconds,
      averageRowsPerScan: seqScans === 0 ? 0 : rowsRead / seqScans,
      idxScans: counterGrowth(readings.map(({ idxScan }) => idxScan)),
    };
  });
}

function readingsByTable(samples: readonly Timed<PostgresSample>[]): Map<string, TableCounters[]> {
  const byTable = new Map<string, TableCounters[]>();
  for (const { data } of samples) {
    for (const counters of data.tables) {
      const name = `${counters.schema}.${counters.table}`;
      const readings = byTable.get(name);
      if (readings === undefined) byTable.set(name, [counters]);
      else readings.push(counters);
    }
  }
  return byTable;
}

/** The plan that explains the scans of a table best: one that was really run before one that was estimated. */
export function planOfScans(
  plans: Artifacts['plans'] | undefined,
  scans: TableScans,
): { plan: Artifacts['plans'][number]; keptShare: number } | undefined {
  const known = (plans ?? []).flatMap((plan) =>
    plan.sequentialScans
      .filter(({ schema, table }) => `${schema}.${table}` === scans.name)
      .flatMap(({ keptShare }) => (keptShare === null ? [] : [{ plan, keptShare }])),
  );
  return known.toSorted(
    (a, b) =>
      Number(b.plan.mode === 'analyze') - Number(a.plan.mode === 'analyze') ||
      timeMs(b.plan) - timeMs(a.plan),
  )[0];
}

function timeMs({ calls, meanMs }: Artifacts['plans'][number]): number {
  return calls * meanMs;
}
