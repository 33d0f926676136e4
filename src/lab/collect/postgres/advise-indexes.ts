import { z } from 'zod';
import { limitTable } from '../../look/limits.ts';
import type { Explained } from '../../plan/explain-json.ts';
import {
  coveringIndex,
  type IndexAdvice,
  indexColumns,
  type ScanConditions,
  scanConditions,
  type TableStatistics,
} from '../../plan/index-candidates.ts';
import { nodesOf, type PlanNode, planTree } from '../../plan/plan-tree.ts';
import type { TableRows } from '../../plan/read-plan.ts';
import { labMark } from './lab-sql.ts';
import type { Send } from './postgres-target.ts';

interface Wanted {
  /** Of one transaction. */
  send: Send;
  tree: PlanNode;
  tables: TableRows;
  /** Whether hypopg can be used, whose indexes are those of a session. */
  direct: boolean;
  /** Plans the statement again, without running it. */
  planAgain: () => Promise<Explained>;
}

/** A statement that scans more tables than this gets no advice for the others. */
const mostScans = 4;
/** Without a check only filters that keep so few of the rows are sure enough to be worth an index. */
const surelySelectiveShare = 0.1;

/**
 * Indexes that the sequential scans of a plan ask for, each tried with hypopg where the database has it: nothing is
 * built. The imagined indexes are gone again afterwards.
 */
export async function adviseIndexes(wanted: Wanted): Promise<IndexAdvice[]> {
  const { send, tree, tables, direct } = wanted;
  const minRows = limitTable['explain.index.rows'].value;
  const keptAtMost = limitTable['explain.filter.kept'].value / 100;
  const scans = (await scanConditions(tree, tables)).filter(
    ({ keptShare, filtered, joined }) =>
      joined.length > 0 || (filtered.length > 0 && (keptShare ?? 0) < keptAtMost),
  );
  const advice: IndexAdvice[] = [];
  const hypopg = await hypopgSchema(send);
  const why =
    hypopg === undefined ? 'hypopg is not installed' : direct ? null : 'hypopg needs a direct connection';
  for (const scan of scans.slice(0, mostScans)) {
    const table = await statisticsOf(send, scan, tables);
    if (table === undefined || table.rows < minRows) continue;
    const tried: IndexAdvice[] = [];
    for (const { columns, joins } of columnSets(scan, table)) {
      const index = await describe(send, scan, columns);
      const existing = coveringIndex(columns, table);
      if (existing !== undefined) {
        // A join reads a table as a whole for good reasons; a filter that keeps few rows has none.
        if (joins || !isSelective(scan)) continue;
        tried.push({ ...index, verdict: 'exists', why: `${existing} has these columns` });
      } else if (hypopg !== undefined && why === null) {
        tried.push(await check(wanted, hypopg, index, scan.alias));
      } else if (isSelective(scan) || (scan.repeated && scan.joined.length > 0)) {
        tried.push({ ...index, verdict: 'unchecked', why });
      }
    }
    const best = tried.toSorted((a, b) => rank(a) - rank(b))[0];
    if (best !== undefined) advice.push(best);
  }
  return advice;
}

/** What is worth a try: columns that are filtered, that are joined, and both together. */
function columnSets(
  { filtered, joined, keptShare }: ScanConditions,
  table: TableStatistics,
): { columns: string[]; joins: boolean }[] {
  const keepsAll = keptShare !== null && keptShare * 100 >= limitTable['explain.filter.kept'].value;
  const sets = [
    { columns: keepsAll ? [] : indexColumns(filtered, table), joins: false },
    { columns: indexColumns(joined, table), joins: true },
    {
      columns: keepsAll || joined.length === 0 ? [] : indexColumns([...joined, ...filtered], table),
      joins: true,
    },
  ].filter(({ columns }) => columns.length > 0);
  return [...new Map(sets.toReversed().map((set) => [set.columns.join('\u0000'), set])).values()];
}

function isSelective({ keptShare, filtered }: ScanConditions): boolean {
  return filtered.length > 0 && keptShare !== null && keptShare <= surelySelectiveShare;
}

/** An index that helps before one that is there, that before one that nobody checked or that gains nothing; the cheapest first. */
function rank({ verdict, cost }: IndexAdvice): number {
  const order = { helps: 0, exists: 1, unchecked: 2, 'no-gain': 3 };
  const share = cost === null || cost.before === 0 ? 0.5 : Math.min(0.99, cost.after / cost.before);
  return order[verdict] + share;
}

type Described = Omit<IndexAdvice, 'verdict' | 'why'>;

async function describe(send: Send, scan: ScanConditions, columns: string[]): Promise<Described> {
  const [row] = await send(
    `select ${labMark} format('CREATE INDEX ON %I.%I (%s)', $1::text, $2::text,
      (select string_agg(quote_ident(name), ', ' order by at) from unnest($3::text[]) with ordinality as c (name, at))) as ddl`,
    [scan.schema, scan.table, columns],
  );
  const { ddl } = z.object({ ddl: z.string() }).parse(row);
  const { node, schema, table } = scan;
  return { node, schema, table, columns, ddl, cost: null, sizeBytes: null };
}

async function hypopgSchema(send: Send): Promise<string | undefined> {
  const [row] = await send(
    `select ${labMark} quote_ident(nspname) as schema from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
      where extname = 'hypopg'`,
  );
  return row === undefined ? undefined : z.object({ schema: z.string() }).parse(row).schema;
}

async function check(wanted: Wanted, hypopg: string, index: Described, alias: string): Promise<IndexAdvice> {
  const { send, planAgain } = wanted;
  const before = (await planAgain()).Plan['Total Cost'] ?? 0;
  // What the server refuses (a column type without a B-tree) must end neither the transaction nor the imagined index.
  await send(`savepoint ${labMark} imagined`);
  try {
    const [made] = await send(
      `select ${labMark} i.indexname as name, ${hypopg}.hypopg_relation_size(i.indexrelid)::float8 as size
        from ${hypopg}.hypopg_create_index($1::text) as i`,
      [index.ddl],
    );
    const { name, size } = z.object({ name: z.string(), size: z.number() }).parse(made);
    const again = planTree((await planAgain()).Plan);
    // The table may stand in the statement twice, and only the other place be helped.
    const used = nodesOf(again).some(
      ({ node, above }) =>
        node.index === name && [node, ...above].find(({ table }) => table !== null)?.table?.alias === alias,
    );
    const gain = before === 0 ? 0 : (before - again.cost) / before;
    const isWorth = used && gain * 100 >= limitTable['explain.index.gain'].value;
    return {
      ...index,
      verdict: isWorth ? 'helps' : 'no-gain',
      why: isWorth
        ? null
        : used
          ? 'it would take off less than a tenth of the cost'
          : 'the planner would not use it',
      cost: { before, after: again.cost },
      sizeBytes: size,
    };
  } finally {
    await send(`rollback ${labMark} to savepoint imagined`);
    await send(`select ${labMark} ${hypopg}.hypopg_reset()`);
  }
}

const tableRow = z.object({
  columns: z.array(z.object({ name: z.string(), distinct: z.number(), nullShare: z.number() })),
  indexes: z.array(z.object({ name: z.string(), columns: z.array(z.string().nullable()) })),
});

/** Undefined for what is no table that an index can be made on. */
async function statisticsOf(
  send: Send,
  { schema, table, filtered, joined }: ScanConditions,
  tables: TableRows,
): Promise<TableStatistics | undefined> {
  const [row] = await send(
    `select ${labMark}
      (select coalesce(json_agg(json_build_object('name', attname, 'distinct', n_distinct, 'nullShare', null_frac)), '[]')
        from pg_stats where schemaname = $1::text and tablename = $2::text and attname = any($3::text[]) and not inherited)
        as columns,
      (select coalesce(json_agg(json_build_object('name', ic.relname, 'columns',
          (select json_agg(a.attname order by k.at) from unnest(i.indkey::int2[]) with ordinality as k (attnum, at)
            left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum))), '[]')
        from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am on pg_am.oid = ic.relam
        where i.indrelid = t.oid and i.indisvalid and i.indpred is null and amname = 'btree') as indexes
    from pg_class t where t.oid = to_regclass(format('%I.%I', $1::text, $2::text)) and relkind in ('r', 'm')`,
    [schema, table, [...filtered, ...joined].map(({ column }) => column)],
  );
  if (row === undefined) return undefined;
  const { columns, indexes } = tableRow.parse(row);
  return {
    rows: tables.find((each) => each.schema === schema && each.table === table)?.liveRows ?? 0,
    columns: new Map(columns.map(({ name, distinct, nullShare }) => [name, { distinct, nullShare }])),
    indexes: indexes.map((each) => ({ name: each.name, columns: each.columns.map((name) => name ?? '') })),
  };
}
