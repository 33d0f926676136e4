import { databaseCounters } from '../../collect/postgres/database.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import { mostSizedTables, type SizedTable, sizedTables } from '../../collect/postgres/tables.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import type { LookDocument, LookVerdict, Remark } from '../look.ts';
import { formatBytes, formatCount } from '../quantity.ts';
import { documentOf, foremost, grown, PostgresLook, type TimedReading } from './postgres-look.ts';
import { sinceWhen } from './since-when.ts';

/** Counters of the tables, and when they were set to zero. */
export interface TablesReading extends TimedReading {
  statsResetMs: number | null;
  tables: SizedTable[];
}

/** A table as the guide lists it; scans and rows read are those of the window, or since the last reset. */
export interface TableScan {
  /** With its schema, unless that is `public`. */
  table: string;
  totalBytes: number | null;
  liveRows: number;
  seqScan: number;
  seqTupRead: number;
  idxScan: number;
  /** Rows that one sequential scan read on average; 0 without any. */
  rowsPerSeqScan: number;
  verdict: LookVerdict;
}

/** `gaugeway pg tables --json`. */
export interface TablesDocument extends LookDocument {
  /** Epoch milliseconds of the last reset, null when there was none. */
  statsResetMs: number | null;
  tables: TableScan[];
}

const shownTables = 15;

/** Which tables are read from one end to the other, over a time or since the last reset: the guide's table. */
export class TablesLook extends PostgresLook<TablesReading, TablesDocument> {
  readonly #lifetime: boolean;

  constructor(shared: SharedConnection<PostgresTarget>, { lifetime }: { lifetime: boolean }) {
    super(shared);
    this.#lifetime = lifetime;
  }

  override get needsWindow(): boolean {
    return !this.#lifetime;
  }

  protected async readFrom(postgres: PostgresTarget, atMs: number): Promise<TablesReading> {
    const answers = await postgres.read(sizedTables, databaseCounters);
    const statsResetMs = answers.of(databaseCounters)[0]?.statsResetMs ?? null;
    return { atMs, statsResetMs, tables: answers.of(sizedTables) };
  }

  judge(after: TablesReading, earlier: TablesReading | undefined, limits: Limits): TablesDocument {
    const before = this.#lifetime ? undefined : earlier;
    return judgeTables(after, before, limits);
  }

  tables({ tables, statsResetMs, windowMs, atMs }: TablesDocument): LookTable[] {
    return [
      lookTable({
        title: sinceWhen({ windowMs, atMs, statsResetMs }),
        rows: tables,
        name: { title: 'table', value: ({ table }) => table },
        columns: [
          {
            title: 'size',
            value: ({ totalBytes }) => (totalBytes === null ? 'locked' : formatBytes(totalBytes)),
            expendable: 1,
          },
          { title: 'live', value: ({ liveRows }) => formatCount(liveRows), expendable: 0 },
          { title: 'seq_scan', value: ({ seqScan }) => formatCount(seqScan), expendable: 0 },
          { title: 'tup_read', value: ({ seqTupRead }) => formatCount(seqTupRead), expendable: 0 },
          { title: 'idx_scan', value: ({ idxScan }) => formatCount(idxScan), expendable: 2 },
          { title: 'avg read', value: (row) => formatCount(row.rowsPerSeqScan), expendable: 0 },
        ],
        verdict: ({ verdict }) => verdict,
        nameWidth: 20,
        empty: 'No tables in this database.',
      }),
    ];
  }
}

/** Pure: what grew from `before` to `after`, or since the last reset where there is no reading before. */
export function judgeTables(
  after: TablesReading,
  before: TablesReading | undefined,
  limits: Limits,
): TablesDocument {
  const known = new Map(before?.tables.map((table) => [nameOf(table), table]));
  const seconds = before === undefined ? undefined : (after.atMs - before.atMs) / 1000;
  const remarks: Remark[] = [];
  const tables = after.tables
    .map((table) => scansOf(table, known.get(nameOf(table))))
    .toSorted((a, b) => b.seqTupRead - a.seqTupRead || b.liveRows - a.liveRows)
    .slice(0, shownTables)
    .map((scan): TableScan => {
      const remark = judgeScan(scan, seconds, limits);
      if (remark !== undefined) remarks.push(remark);
      return { ...scan, verdict: remark?.verdict ?? 'ok' };
    });
  return {
    ...documentOf(
      'pg tables',
      { after, before },
      { remarks: foremost(remarks), notes: notesOf(after, before) },
    ),
    statsResetMs: after.statsResetMs,
    tables,
  };
}

function scansOf(after: SizedTable, before: SizedTable | undefined): Omit<TableScan, 'verdict'> {
  const seqScan = grown(after.seqScan, before?.seqScan);
  const seqTupRead = grown(after.seqTupRead, before?.seqTupRead);
  return {
    table: nameOf(after),
    totalBytes: after.totalBytes,
    liveRows: after.liveRows,
    seqScan,
    seqTupRead,
    idxScan: grown(after.idxScan, before?.idxScan),
    rowsPerSeqScan: seqScan === 0 ? 0 : seqTupRead / seqScan,
  };
}

/** The guide's warning signs; it calls scans of small tables fine. Rates need the `seconds` of a window. */
function judgeScan(
  scan: Omit<TableScan, 'verdict'>,
  seconds: number | undefined,
  limits: Limits,
): Remark | undefined {
  const { table, liveRows, seqScan, seqTupRead, rowsPerSeqScan } = scan;
  if (seqScan === 0 || liveRows < limits['pg.tables.small']) return undefined;
  const full = rowsPerSeqScan >= (liveRows * limits['pg.tables.full-scan']) / 100;
  const each = full
    ? `reading the whole table of ${formatCount(liveRows)} rows each time`
    : `reading ${formatCount(rowsPerSeqScan)} rows each time, of ${formatCount(liveRows)}`;
  const scans = `${formatCount(seqScan)} sequential scan${seqScan === 1 ? '' : 's'}`;
  const advice =
    'gaugeway pg explain --top 5 shows whether an index is missing, or whether the filter keeps most rows anyway';
  const [amount, unit, most] =
    seconds === undefined
      ? [seqTupRead, 'rows', limits['pg.tables.seq-rows']]
      : [seqTupRead / seconds, 'rows/s', limits['pg.tables.seq-rows-rate']];
  if (amount >= most) {
    const read = `${formatCount(amount)} ${unit} by ${scans} (limit ${formatCount(most)} ${unit})`;
    const verdict = full || seconds === undefined ? 'fail' : 'warn';
    return { verdict, text: `${table}: ${read}, ${each}`, advice };
  }
  const often =
    seconds === undefined
      ? seqScan >= limits['pg.tables.seq-scans']
      : seqScan / seconds >= limits['pg.tables.seq-scans-rate'];
  if (!full || !often || liveRows < limits['pg.tables.large']) return undefined;
  return { verdict: 'warn', text: `${table}: ${scans}, ${each}`, advice };
}

function notesOf(after: TablesReading, before: TablesReading | undefined): string[] {
  const notes: string[] = [];
  if (before !== undefined && before.statsResetMs !== after.statsResetMs) {
    notes.push('what happened before the statistics were reset, within this window');
  }
  if (after.tables.length >= mostSizedTables) {
    notes.push(`tables beyond the ${mostSizedTables} that are used most`);
  }
  if (after.tables.some(({ totalBytes }) => totalBytes === null)) {
    notes.push('the size of tables that are locked exclusively: asking for it would wait');
  }
  return notes;
}

function nameOf({ schema, table }: SizedTable): string {
  return schema === 'public' ? table : `${schema}.${table}`;
}
