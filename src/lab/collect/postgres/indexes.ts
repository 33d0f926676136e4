import { z } from 'zod';
import { labMark, type SampleQuery } from './lab-sql.ts';
import { lastIndexScanMs } from './server-versions.ts';
import { lockedTables } from './tables.ts';

const indexState = z.object({
  schema: z.string(),
  table: z.string(),
  index: z.string(),
  method: z.string(),
  /** `CREATE INDEX …`, as PostgreSQL words it. */
  definition: z.string(),
  /**
   * Each key column in order, as far as the order of its entries goes: number of the column, operator class, collation,
   * direction. 0 as a number is an expression.
   */
  keys: z.array(z.string()),
  /** Numbers of the columns that are only carried along (INCLUDE). */
  included: z.array(z.number()),
  expressions: z.string(),
  predicate: z.string(),
  unique: z.boolean(),
  /** Whether a primary key, a unique or an exclusion constraint, or a foreign key stands on it. */
  constraint: z.boolean(),
  /** False where CREATE INDEX CONCURRENTLY did not finish. */
  valid: z.boolean(),
  /** Whether it is being built at this moment. */
  building: z.boolean(),
  scans: z.number(),
  /** Epoch milliseconds; null when never, or where the server does not keep it. */
  lastScanMs: z.number().nullable(),
  /** Null where it could not be asked for without waiting. */
  bytes: z.number().nullable(),
});
export type IndexState = z.infer<typeof indexState>;

/** As many indexes as a single look compares. */
export const mostIndexes = 2000;

/** The indexes of this database's own tables, the largest first. */
export function indexStates(serverVersion: number): SampleQuery<IndexState[]> {
  return {
    sql: `select ${labMark} stat.schemaname as schema, stat.relname as "table", stat.indexrelname as "index",
        amname as method, pg_get_indexdef(stat.indexrelid) as definition,
        array(select concat_ws(' ', indkey[at], indclass[at], indcollation[at], indoption[at])
          from generate_series(0, indnkeyatts - 1) as at order by at) as keys,
        array(select indkey[at]::int from generate_series(indnkeyatts, indnatts - 1) as at) as included,
        coalesce(pg_get_expr(indexprs, indrelid), '') as expressions,
        coalesce(pg_get_expr(indpred, indrelid), '') as predicate, indisunique as unique,
        exists (select from pg_constraint where conindid = stat.indexrelid) as constraint,
        indisvalid as valid,
        exists (select from pg_stat_progress_create_index where index_relid = stat.indexrelid) as building,
        idx_scan::float8 as scans, ${lastIndexScanMs(serverVersion)} as "lastScanMs",
        case when stat.relid in (${lockedTables}) then null
          else pg_relation_size(stat.indexrelid)::float8 end as bytes
      from pg_stat_user_indexes as stat
        join pg_index on pg_index.indexrelid = stat.indexrelid
        join pg_class on pg_class.oid = stat.indexrelid
        join pg_am on pg_am.oid = relam
      order by relpages desc, stat.indexrelid limit ${mostIndexes}`,
    rows: z.array(indexState),
  };
}
