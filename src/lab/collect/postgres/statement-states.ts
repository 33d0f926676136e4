import { z } from 'zod';
import { labMark, type SampleQuery } from './lab-sql.ts';
import { maskStatement } from './mask-statement.ts';
import { statementReadTime } from './server-versions.ts';

const statementState = z.object({
  queryId: z.string(),
  /** Whether a client sent it, and no function ran it. */
  topLevel: z.boolean(),
  query: z.string().transform(maskStatement),
  calls: z.number(),
  totalMs: z.number(),
  rows: z.number(),
  sharedBlksHit: z.number(),
  sharedBlksRead: z.number(),
  tempBlksWritten: z.number(),
  /** Time that reading blocks took; 0 unless track_io_timing is on. */
  readMs: z.number(),
});
/** Counters of a statement of this database, cumulative, all users together. */
export type StatementState = z.infer<typeof statementState>;

/** As many statements as a single look compares: what pg_stat_statements keeps by default. */
const mostStatements = 5000;

/** All statements that `schema`.pg_stat_statements keeps of this database, without the lab's own. */
export function statementStates(schema: string, serverVersion: number): SampleQuery<StatementState[]> {
  return {
    sql: `select ${labMark} queryid::text as "queryId", toplevel as "topLevel", left(min(query), 1000) as query,
        sum(calls)::float8 as calls, sum(total_exec_time)::float8 as "totalMs", sum(rows)::float8 as "rows",
        sum(shared_blks_hit)::float8 as "sharedBlksHit", sum(shared_blks_read)::float8 as "sharedBlksRead",
        sum(temp_blks_written)::float8 as "tempBlksWritten",
        sum(${statementReadTime(serverVersion)})::float8 as "readMs"
      from ${schema}.pg_stat_statements
      where dbid = (select oid from pg_database where datname = current_database())
        and queryid is not null and query not like '%${labMark}%'
      group by queryid, toplevel order by sum(total_exec_time) desc, queryid limit ${mostStatements}`,
    rows: z.array(statementState),
  };
}

const statementsInfo = z.tuple([
  z.object({
    hidden: z.number(),
    dealloc: z.number(),
    statsResetMs: z.number(),
    most: z.number(),
    blockBytes: z.number(),
  }),
]);

/** What is to be known about those counters: how many are hidden from us, and how often some were thrown away. */
export function statementsAbout(schema: string): SampleQuery<z.infer<typeof statementsInfo>> {
  return {
    sql: `select ${labMark} dealloc::float8 as dealloc,
        (extract(epoch from stats_reset) * 1000)::float8 as "statsResetMs",
        current_setting('pg_stat_statements.max')::int as most,
        current_setting('block_size')::int as "blockBytes",
        (select count(*)::int from ${schema}.pg_stat_statements where queryid is null and dbid =
          (select oid from pg_database where datname = current_database())) as hidden
      from ${schema}.pg_stat_statements_info`,
    rows: statementsInfo,
  };
}
