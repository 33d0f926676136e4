import { z } from 'zod';
import { labMark, type SampleQuery } from './lab-sql.ts';

/** Scan and change counters of the 200 tables that are read and written most. */
export const tableCounters = {
  sql: `select ${labMark} schemaname as schema, relname as "table", n_live_tup::float8 as "liveRows",
      n_dead_tup::float8 as "deadRows", seq_scan::float8 as "seqScan", seq_tup_read::float8 as "seqTupRead",
      coalesce(idx_scan, 0)::float8 as "idxScan", coalesce(idx_tup_fetch, 0)::float8 as "idxTupFetch",
      n_tup_ins::float8 as inserted, n_tup_upd::float8 as updated, n_tup_del::float8 as deleted
    from pg_stat_user_tables
    order by seq_tup_read + coalesce(idx_tup_fetch, 0) + n_tup_ins + n_tup_upd + n_tup_del desc, relid
    limit 200`,
  rows: z.array(
    z.object({
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
    }),
  ),
} satisfies SampleQuery<unknown>;
