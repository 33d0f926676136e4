import { comparedColumns, type ComparedColumn } from './compared-columns.ts';
import { keptShareOf } from './plan-checks.ts';
import { nodesOf, type PlanNode } from './plan-tree.ts';
import { rowsOf, type TableRows } from './read-plan.ts';

/** A scan that an index could spare, with the columns that its conditions compare. */
export interface ScanConditions {
  node: number;
  schema: string;
  table: string;
  alias: string;
  keptShare: number | null;
  /** Compared with values. */
  filtered: ComparedColumn[];
  /** Compared with columns of other tables. */
  joined: ComparedColumn[];
  /** Whether it is read again for each row of the other side. */
  repeated: boolean;
}

/** What the catalogue says of a table and the columns in question. */
export interface TableStatistics {
  rows: number;
  /** By column, as pg_stats has them: distinct values (negative: as a share of the rows) and the share that is null. */
  columns: ReadonlyMap<string, { distinct: number; nullShare: number }>;
  /** The columns of its complete B-tree indexes, in order. */
  indexes: readonly { name: string; columns: readonly string[] }[];
}

/** An index that a scan asks for, and what is known of it. */
export interface IndexAdvice {
  /** Id of the scan's node in the plan. */
  node: number;
  schema: string;
  table: string;
  columns: string[];
  /** The statement that makes it. */
  ddl: string;
  /**
   * `helps` and `no-gain` by hypopg, which plans the statement again with the index only imagined; `unchecked` where
   * that is not to be had, with the reason in `why`; `exists` when there is such an index that the planner left aside.
   */
  verdict: 'helps' | 'no-gain' | 'unchecked' | 'exists';
  why: string | null;
  /** Cost of the whole plan without and with it, as the planner counts; null when unchecked. */
  cost: { before: number; after: number } | null;
  /** As hypopg estimates it; null when unchecked. */
  sizeBytes: number | null;
}

const joinConditions = new Set(['Hash Cond', 'Merge Cond', 'Join Filter']);

/** The sequential scans of a plan whose conditions compare columns. Its conditions must have their constants or `'***'`. */
export async function scanConditions(root: PlanNode, tables: TableRows): Promise<ScanConditions[]> {
  const scans: ScanConditions[] = [];
  for (const { node, above } of nodesOf(root)) {
    if (node.type !== 'Seq Scan' || node.table === null) continue;
    const { schema, name, alias } = node.table;
    const filters = await comparedIn([node], new Set(['Filter']));
    const joins = await comparedIn(above, joinConditions);
    scans.push({
      node: node.id,
      schema,
      table: name,
      alias,
      keptShare: keptShareOf(node, rowsOf(node, tables)),
      filtered: filters.filter(
        ({ qualifier, joins: isJoin }) => !isJoin && [alias, null].includes(qualifier),
      ),
      joined: [...filters, ...joins].filter(
        ({ qualifier, joins: isJoin, by }) => isJoin && qualifier === alias && by === 'equality',
      ),
      repeated: (node.actual?.loops ?? 1) > 1 && !node.title.startsWith('Parallel'),
    });
  }
  return scans;
}

async function comparedIn(nodes: readonly PlanNode[], names: ReadonlySet<string>): Promise<ComparedColumn[]> {
  const found: ComparedColumn[] = [];
  for (const { conditions } of nodes) {
    for (const { name, text } of conditions)
      if (names.has(name)) found.push(...(await comparedColumns(text)));
  }
  return found;
}

/** PgHero's: an index of more columns, or one that leaves fewer rows, gains nothing. */
const mostEqualColumns = 2;
const fewRowsLeft = 50;
const uselessKeptShare = 0.3;

/**
 * The columns of an index for these comparisons: those by equality first, the most selective ahead, then one range.
 * Empty when none selects. After PgHero's suggested indexes.
 */
export function indexColumns(compared: readonly ComparedColumn[], table: TableStatistics): string[] {
  const equal = unique(compared.filter(({ by }) => by === 'equality'))
    .map((column) => ({ column, kept: equalityShare(column, table) }))
    .toSorted((a, b) => (a.kept ?? unknownShare) - (b.kept ?? unknownShare));
  const chosen: string[] = [];
  let rows = table.rows;
  for (const { column, kept } of equal) {
    if (chosen.length === mostEqualColumns || rows < fewRowsLeft) break;
    if (kept !== null && kept > uselessKeptShare) continue;
    chosen.push(column);
    rows *= kept ?? unknownShare;
  }
  const [range] = unique(compared.filter(({ by }) => by === 'range')).filter(
    (column) => !chosen.includes(column),
  );
  return range === undefined || rows < fewRowsLeft ? chosen : [...chosen, range];
}

/** PostgreSQL's guess for an equality that it knows nothing of (selfuncs.h, DEFAULT_EQ_SEL). */
const unknownShare = 0.005;

function equalityShare(column: string, { columns, rows }: TableStatistics): number | null {
  const known = columns.get(column);
  if (known === undefined || known.distinct === 0) return null;
  const distinct = known.distinct < 0 ? -known.distinct * rows : known.distinct;
  return (1 - known.nullShare) / Math.max(1, distinct);
}

function unique(compared: readonly ComparedColumn[]): string[] {
  return [...new Set(compared.map(({ column }) => column))];
}

/** The index that begins with these columns already, those by equality in any order. */
export function coveringIndex(columns: readonly string[], { indexes }: TableStatistics): string | undefined {
  return indexes.find(({ columns: indexed }) => {
    const leading = indexed.slice(0, columns.length);
    return columns.every((column) => leading.includes(column));
  })?.name;
}
