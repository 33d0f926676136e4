import { databaseCounters } from '../../collect/postgres/database.ts';
import { type IndexState, indexStates, mostIndexes } from '../../collect/postgres/indexes.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import { type SizedTable, sizedTables } from '../../collect/postgres/tables.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import type { LookDocument, LookVerdict, Remark } from '../look.ts';
import { formatAgeS, formatBytes, formatCount } from '../quantity.ts';
import { coveredIndexes } from './covered-indexes.ts';
import { documentOf, foremost, PostgresLook, type TimedReading } from './postgres-look.ts';
import { sinceWhen } from './since-when.ts';

/** All indexes with their use, and the tables. */
export interface IndexesReading extends TimedReading {
  statsResetMs: number | null;
  indexes: IndexState[];
  tables: SizedTable[];
}

/** A table that is mostly read without any index. */
export interface MissingIndex {
  table: string;
  liveRows: number;
  seqScan: number;
  idxScan: number;
  /** Percent of its scans that used an index. */
  indexUsePercent: number;
  verdict: LookVerdict;
}

/** Why an index is not worth its cost. */
export type IndexFault = 'invalid' | 'covered' | 'unused';

/** An index that costs each write something and serves nobody. */
export interface NeedlessIndex {
  index: string;
  table: string;
  fault: IndexFault;
  /** The index that serves in its place, where it is covered. */
  coveredBy: string | null;
  bytes: number | null;
  scans: number;
  lastScanMs: number | null;
  definition: string;
  verdict: LookVerdict;
}

/** `gaugeway pg indexes --json`. */
export interface IndexesDocument extends LookDocument {
  statsResetMs: number | null;
  missing: MissingIndex[];
  needless: NeedlessIndex[];
}

const shownRows = 15;

/** Which tables seem to want an index, and which indexes nobody wants. */
export class IndexesLook extends PostgresLook<IndexesReading, IndexesDocument> {
  protected async readFrom(postgres: PostgresTarget, atMs: number): Promise<IndexesReading> {
    const states = indexStates(postgres.serverVersion);
    const answers = await postgres.read(states, sizedTables, databaseCounters);
    const statsResetMs = answers.of(databaseCounters)[0]?.statsResetMs ?? null;
    return { atMs, statsResetMs, indexes: answers.of(states), tables: answers.of(sizedTables) };
  }

  judge(after: IndexesReading, _before: unknown, limits: Limits): IndexesDocument {
    return judgeIndexes(after, limits);
  }

  tables({ missing, needless, ...document }: IndexesDocument): LookTable[] {
    const { atMs } = document;
    return [
      lookTable({
        title: `Tables read without an index. ${sinceWhen(document)}`,
        rows: missing.slice(0, shownRows),
        name: { title: 'table', value: ({ table }) => table },
        columns: [
          { title: 'live', value: ({ liveRows }) => formatCount(liveRows), expendable: 0 },
          { title: 'seq_scan', value: ({ seqScan }) => formatCount(seqScan), expendable: 0 },
          { title: 'idx_scan', value: ({ idxScan }) => formatCount(idxScan), expendable: 0 },
          { title: 'by index', value: (row) => `${Math.floor(row.indexUsePercent)} %`, expendable: 0 },
        ],
        verdict: ({ verdict }) => verdict,
        empty: 'No large table is read without an index.',
      }),
      lookTable({
        title: 'Indexes that serve nobody',
        rows: needless.slice(0, shownRows),
        name: { title: 'index', value: ({ index }) => index },
        columns: [
          {
            title: 'size',
            value: ({ bytes }) => (bytes === null ? 'locked' : formatBytes(bytes)),
            expendable: 0,
          },
          { title: 'scans', value: ({ scans }) => formatCount(scans), expendable: 0 },
          {
            title: 'last scan',
            value: ({ lastScanMs }) =>
              lastScanMs === null ? '' : formatAgeS(Math.max(0, (atMs - lastScanMs) / 1000)),
            expendable: 1,
          },
        ],
        verdict: ({ verdict }) => verdict,
        detail: whyOf,
        empty: 'No index is invalid, covered by another, or large and unused.',
      }),
    ];
  }
}

/** Pure: PgHero's rules for tables that miss an index and for indexes without use, and B-trees that others cover. */
export function judgeIndexes(
  { atMs, statsResetMs, indexes, tables }: IndexesReading,
  limits: Limits,
): IndexesDocument {
  const missing = tables
    .flatMap((table) => missingOf(table, limits))
    .toSorted((a, b) => b.seqScan * b.liveRows - a.seqScan * a.liveRows);
  const covered = coveredIndexes(indexes);
  const covering = new Set(covered.map(({ by }) => by));
  const needless = indexes
    .flatMap((index): NeedlessIndex[] => {
      const by = covered.find((each) => each.index === index)?.by ?? null;
      const fault = faultOf(index, { isCovered: by !== null, covers: covering.has(index) }, limits);
      if (fault === undefined) return [];
      const { definition, bytes, scans, lastScanMs } = index;
      const coveredBy = fault === 'covered' ? (by?.index ?? null) : null;
      const [name, table] = [qualified(index.schema, index.index), qualified(index.schema, index.table)];
      return [
        { index: name, table, fault, coveredBy, bytes, scans, lastScanMs, definition, verdict: 'warn' },
      ];
    })
    .toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
  const remarks = [...missing.map(missingRemark), ...needlessRemarks(needless)];
  const notes = [
    ...(needless.some(({ fault }) => fault === 'unused')
      ? ['the use of indexes on standbys: each server counts its own scans']
      : []),
    ...(indexes.length >= mostIndexes ? [`indexes beyond the ${mostIndexes} largest`] : []),
  ];
  return {
    ...documentOf('pg indexes', { after: { atMs } }, { remarks: foremost(remarks), notes }),
    statsResetMs,
    missing,
    needless,
  };
}

function missingOf(
  { schema, table, liveRows, seqScan, idxScan }: SizedTable,
  limits: Limits,
): MissingIndex[] {
  if (liveRows < limits['pg.tables.large'] || seqScan === 0) return [];
  const indexUsePercent = (100 * idxScan) / (seqScan + idxScan);
  if (indexUsePercent >= limits['pg.indexes.use']) return [];
  return [{ table: qualified(schema, table), liveRows, seqScan, idxScan, indexUsePercent, verdict: 'warn' }];
}

/** One that covers others takes over their use when they go: it is not unused. */
function faultOf(
  index: IndexState,
  { isCovered, covers }: { isCovered: boolean; covers: boolean },
  limits: Limits,
): IndexFault | undefined {
  const { valid, building, unique, constraint, scans, bytes } = index;
  if (!valid) return building ? undefined : 'invalid';
  if (isCovered) return 'covered';
  const unused = scans <= limits['pg.indexes.scans'] && (bytes ?? 0) >= limits['pg.indexes.size'];
  return unused && !covers && !unique && !constraint ? 'unused' : undefined;
}

function missingRemark({ table, seqScan, liveRows, indexUsePercent }: MissingIndex): Remark {
  return {
    verdict: 'warn',
    text: `${table}: ${Math.floor(indexUsePercent)} % of its scans used an index, ${formatCount(seqScan)} read its ${formatCount(liveRows)} rows one by one`,
    advice: 'gaugeway pg explain --top 5 shows the statements, and an index that would help',
  };
}

const faults: Record<IndexFault, (indexes: NeedlessIndex[]) => Pick<Remark, 'text' | 'advice'>> = {
  invalid: (indexes) => ({
    text: `${names(indexes)}: left unfinished by CREATE INDEX CONCURRENTLY; written to, never read`,
    advice: 'REINDEX INDEX CONCURRENTLY finishes it, DROP INDEX CONCURRENTLY removes it',
  }),
  covered: (indexes) => ({
    text: `${names(indexes)}: another index begins with the same columns`,
    advice: 'DROP INDEX CONCURRENTLY, one after the other',
  }),
  unused: (indexes) => ({
    text: `${names(indexes)}: hardly used, and each write to the table writes to it`,
    advice: 'DROP INDEX CONCURRENTLY, after the statistics have covered a whole business cycle',
  }),
};

function needlessRemarks(needless: readonly NeedlessIndex[]): Remark[] {
  return [...Map.groupBy(needless, ({ fault }) => fault)].map(([fault, indexes]) => ({
    verdict: 'warn',
    ...faults[fault](indexes),
  }));
}

function whyOf({ fault, coveredBy }: NeedlessIndex): string {
  return coveredBy === null ? fault : `covered by ${coveredBy}`;
}

function names(indexes: readonly NeedlessIndex[]): string {
  const bytes = indexes.reduce((sum, index) => sum + (index.bytes ?? 0), 0);
  const first = indexes.slice(0, 3).map(({ index }) => index);
  const more = indexes.length > 3 ? ` and ${indexes.length - 3} more` : '';
  return `${first.join(', ')}${more} (${formatBytes(bytes)})`;
}

function qualified(schema: string, name: string): string {
  return schema === 'public' ? name : `${schema}.${name}`;
}
