import type { TableCounters } from '../timeline/samples.ts';
import { terminalTable } from './terminal-table.ts';

interface Reads {
  table: string;
  sequentialScans: number;
  rowsReadSequentially: number;
  indexScans: number;
}

const shownTables = 10;
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** What was read of each table between the first look at its counters and the last. */
export class TableReads {
  readonly #grown = new Map<string, Reads>();
  #before = new Map<string, TableCounters>();

  add(tables: readonly TableCounters[]): void {
    const now = new Map(tables.map((each) => [`${each.schema}.${each.table}`, each]));
    for (const [name, counters] of now) {
      const before = this.#before.get(name);
      if (before !== undefined) this.#grow(name, before, counters);
    }
    this.#before = now;
  }

  /** The tables of which the most rows were read sequentially, as the guide's last query lists them. */
  lines(columns: number): string[] {
    if (this.#before.size === 0) return ['Tables: not known, no PostgreSQL was read'];
    const most = [...this.#grown.values()]
      .filter(({ rowsReadSequentially }) => rowsReadSequentially > 0)
      .toSorted((a, b) => b.rowsReadSequentially - a.rowsReadSequentially || (a.table < b.table ? -1 : 1))
      .slice(0, shownTables);
    if (most.length === 0) return ['Tables: no row was read by a sequential scan'];
    return terminalTable(
      most,
      { title: 'Table, over the run', value: ({ table }) => table },
      [
        { title: 'seq scans', value: (row) => whole.format(row.sequentialScans), expendable: 1 },
        { title: 'rows read by them', value: (row) => whole.format(row.rowsReadSequentially), expendable: 0 },
        { title: 'index scans', value: (row) => whole.format(row.indexScans), expendable: 2 },
      ],
      columns,
    );
  }

  #grow(name: string, before: TableCounters, now: TableCounters): void {
    const table = now.schema === 'public' ? now.table : name;
    const grown = this.#grown.get(name) ?? {
      table,
      sequentialScans: 0,
      rowsReadSequentially: 0,
      indexScans: 0,
    };
    grown.sequentialScans += growth(before.seqScan, now.seqScan);
    grown.rowsReadSequentially += growth(before.seqTupRead, now.seqTupRead);
    grown.indexScans += growth(before.idxScan, now.idxScan);
    this.#grown.set(name, grown);
  }
}

/** A counter that was reset counts on from zero. */
function growth(before: number, now: number): number {
  return now >= before ? now - before : now;
}
