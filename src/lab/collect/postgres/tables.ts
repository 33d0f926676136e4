import { z } from 'zod';
import { labMark, type SampleQuery } from './lab-sql.ts';

/** A reset of the statistics sets the count of live rows to zero, while the planner keeps its own. */
const liveRows = `case when n_live_tup > 0 then n_live_tup::float8
        else greatest(0, (select reltuples from pg_class where oid = relid))::float8 end`;

const counters = `schemaname as schema, relname as "table", ${liveRows} as "liveRows",
      n_dead_tup::float8 as "deadRows", seq_scan::float8 as "seqScan", seq_tup_read::float8 as "seqTupRead",
      coalesce(idx_scan, 0)::float8 as "idxScan", coalesce(idx_tup_fetch, 0)::float8 as "idxTupFetch",
      n_tup_ins::float8 as inserted, n_tup_upd::float8 as updated, n_tup_del::float8 as deleted`;

const mostUsed = (limit: number): string => `order by
      seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del desc, relid
    limit ${limit}`;

const tableRow = z.object({
  schema: z.string(),
  table: z.string(),
  liveRows: z.number(),
  deadRows: z.number(),
  seqScan: z.number(),
  seqTupRead: z.number(),
  idxScan: z.number(),
  idxTupFetch: z.number(),
  inserted: z.number(),
  updated: z.number(),
  deleted: z.number(),
});

/** Scan and change counters of the 200 tables that are read and written most. */
export const tableCounters = {
  sql: `select ${labMark} ${counters} from pg_stat_user_tables ${mostUsed(200)}`,
  rows: z.array(tableRow),
} satisfies SampleQuery<unknown>;

/**
 * Tables and indexes that somebody locks, or waits to lock, so that nobody else may even ask for their size: an
 * index counts as its table.
 */
export const lockedTables = `select coalesce(
      (select indrelid from pg_index where indexrelid = relation), relation
    ) from pg_locks
    where mode = 'AccessExclusiveLock' and relation is not null
      and database = (select oid from pg_database where datname = current_database())`;

const sizedTable = tableRow.extend({ totalBytes: z.number().nullable() });
/** A table with its size, indexes and TOAST included; null where it could not be asked for without waiting. */
export type SizedTable = z.infer<typeof sizedTable>;

/** As many tables as a single look shows the counters of. */
export const mostSizedTables = 500;

/** Counters and sizes: these take a look at every file, and are nothing for each second. */
export const sizedTables = {
  sql: `select ${labMark} *, case when relid in (${lockedTables}) then null
        else pg_total_relation_size(relid)::float8 end as "totalBytes"
    from (select relid, ${counters} from pg_stat_user_tables ${mostUsed(mostSizedTables)}) as used`,
  rows: z.array(sizedTable),
} satisfies SampleQuery<unknown>;
