import { z } from 'zod';
import { GaugewayError } from '../../../shared/errors.ts';
import type { Collector, CollectorSink } from '../collector.ts';
import type { SharedConnection } from '../shared-connection.ts';
import { labMark, type SampleQuery } from './lab-sql.ts';
import { maskStatement } from './mask-statement.ts';
import type { PostgresTarget } from './postgres-target.ts';

const extension = {
  sql: `select ${labMark} quote_ident(nspname) as schema,
      coalesce(current_setting('pg_stat_statements.max', true), '') <> '' as loaded,
      string_to_array(extversion, '.')::int[] < '{1,9}' as outdated
    from pg_extension join pg_namespace on pg_namespace.oid = extnamespace
    where extname = 'pg_stat_statements'`,
  rows: z.array(z.object({ schema: z.string(), loaded: z.boolean(), outdated: z.boolean() })),
} satisfies SampleQuery<unknown>;

const statementRow = z.object({
  queryId: z.string(),
  query: z.string().transform(maskStatement),
  calls: z.number(),
  rows: z.number(),
  totalMs: z.number(),
  sharedBlksHit: z.number(),
  sharedBlksRead: z.number(),
  tempBlksWritten: z.number(),
});
export type StatementCounters = z.infer<typeof statementRow>;

/** Characters of a statement that a sample keeps. */
const sampledText = 2000;
/** A text that is as long as this was cut: it is not the statement any more, and must not be sent. */
export const longestText = 65_536;

/**
 * The `limit` statements of this database with the most total time, all users together, without the lab's own; of each
 * text the first `textLength` characters.
 */
export function topStatements(
  schema: string,
  limit: number,
  textLength = sampledText,
): SampleQuery<StatementCounters[]> {
  return {
    sql: `select ${labMark} queryid::text as "queryId", left(min(query), ${textLength}) as query,
        sum(calls)::float8 as calls, sum(rows)::float8 as "rows", sum(total_exec_time)::float8 as "totalMs",
        sum(shared_blks_hit)::float8 as "sharedBlksHit", sum(shared_blks_read)::float8 as "sharedBlksRead",
        sum(temp_blks_written)::float8 as "tempBlksWritten"
      from ${schema}.pg_stat_statements
      where dbid = (select oid from pg_database where datname = current_database())
        and queryid is not null and query not like '%${labMark}%'
      group by queryid order by sum(total_exec_time) desc, queryid limit ${limit}`,
    rows: z.array(statementRow),
  };
}

const idRow = z.object({ queryId: z.string() }).transform(({ queryId }) => queryId);

/** Ids of this database's statements that others than our role sent, too. */
export function statementsOfOthers(schema: string): SampleQuery<string[]> {
  return {
    sql: `select ${labMark} distinct queryid::text as "queryId" from ${schema}.pg_stat_statements(false)
      where dbid = (select oid from pg_database where datname = current_database())
        and queryid is not null and userid <> current_user::regrole`,
    rows: z.array(idRow),
  };
}

/** The schema of pg_stat_statements. Throws GaugewayError `usage` with the remedy where it is not there or not loaded. */
export async function statementsSchema(postgres: PostgresTarget): Promise<string> {
  const [found] = (await postgres.read(extension)).of(extension);
  if (found?.loaded && !found.outdated) return found.schema;
  const remedy = found?.loaded
    ? 'run ALTER EXTENSION pg_stat_statements UPDATE, it is of an older server'
    : found
      ? "set shared_preload_libraries = 'pg_stat_statements' and restart the server"
      : "run CREATE EXTENSION pg_stat_statements in this database and have shared_preload_libraries = 'pg_stat_statements' set";
  throw new GaugewayError('usage', `pg_stat_statements is not available: ${remedy}`);
}

/** pg_stat_statements each five seconds and where phases meet, as its text file is larger than the other sources. */
export class StatementsCollector implements Collector {
  readonly source = 'statements';
  readonly target: string;
  readonly everyMs = 5000;
  readonly #shared: SharedConnection<PostgresTarget>;
  #schema: string | undefined;

  constructor(target: string, shared: SharedConnection<PostgresTarget>) {
    this.target = target;
    this.#shared = shared;
  }

  async open(signal: AbortSignal): Promise<void> {
    this.#schema = await statementsSchema(await this.#shared.open(this, signal));
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const postgres = await this.#shared.get();
    if (!postgres || this.#schema === undefined) return;
    const top = topStatements(this.#schema, 50);
    const statements = (await postgres.read(top)).of(top);
    sink.sample('statements', this.target, performance.now() - startedMs, { statements });
  }

  async enterPhase(_phase: unknown, sink: CollectorSink): Promise<void> {
    await this.sample(sink);
  }

  async finish(sink: CollectorSink): Promise<void> {
    await this.sample(sink);
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}
