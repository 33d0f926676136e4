import { z } from 'zod';
import { labMark, type SampleQuery } from './lab-sql.ts';

/** Counters of the whole database, and the server's limit of connections. */
export const databaseCounters = {
  sql: `select ${labMark} current_setting('max_connections')::int as "maxConnections",
      xact_commit::float8 as "xactCommit", xact_rollback::float8 as "xactRollback", blks_hit::float8 as "blksHit",
      blks_read::float8 as "blksRead", temp_bytes::float8 as "tempBytes", deadlocks::float8 as deadlocks,
      (extract(epoch from stats_reset) * 1000)::float8 as "statsResetMs"
    from pg_stat_database where datname = current_database()`,
  rows: z
    .array(
      z.object({
        maxConnections: z.number(),
        xactCommit: z.number(),
        xactRollback: z.number(),
        blksHit: z.number(),
        blksRead: z.number(),
        tempBytes: z.number(),
        deadlocks: z.number(),
        statsResetMs: z.number().nullable(),
      }),
    )
    .length(1),
} satisfies SampleQuery<unknown>;
