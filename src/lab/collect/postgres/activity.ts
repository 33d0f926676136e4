import { z } from 'zod';
import { connectionStates } from '../../timeline/samples.ts';
import { activity, labMark, type SampleQuery, watchedBackends } from './lab-sql.ts';
import { maskStatement } from './mask-statement.ts';

/** Seconds since a time of the server, by its own clock. */
export const postgresAgeS = (since: string): string =>
  `greatest(0, extract(epoch from statement_timestamp() - ${since}))::float8`;

/** Connections by state, with the longest time in that state and in a transaction. */
export const connectionsByState = {
  sql: `select ${labMark} state, count(*)::int as "count",
      coalesce(max(${postgresAgeS('state_change')}), 0) as "maxStateAgeS",
      coalesce(max(${postgresAgeS('xact_start')}), 0) as "maxTransactionAgeS"
    from ${activity}
    where ${watchedBackends} and state = any('{${connectionStates.map((state) => `"${state}"`).join(',')}}')
    group by state order by state`,
  rows: z.array(
    z.object({
      state: z.enum(connectionStates),
      count: z.number(),
      maxStateAgeS: z.number(),
      maxTransactionAgeS: z.number(),
    }),
  ),
} satisfies SampleQuery<unknown>;

/** Who leaves transactions open: by the statement that was run last; ages count from the end of that statement. */
export const idleInTransaction = {
  sql: `select ${labMark} left(query, 500) as query, application_name as "applicationName", count(*)::int as "count",
      max(${postgresAgeS('state_change')}) as "maxAgeS", avg(${postgresAgeS('state_change')})::float8 as "meanAgeS"
    from ${activity}
    where ${watchedBackends} and state in ('idle in transaction', 'idle in transaction (aborted)')
    group by 1, 2 order by 4 desc limit 20`,
  rows: z.array(
    z.object({
      query: z.string().transform(maskStatement),
      applicationName: z.string(),
      count: z.number(),
      maxAgeS: z.number(),
      meanAgeS: z.number(),
    }),
  ),
} satisfies SampleQuery<unknown>;

/** The load of the database by what it waits for: the sum is the number of active sessions. */
export const activeByWait = {
  sql: `select ${labMark} coalesce(wait_event_type, 'CPU') as wait, count(*)::int as "count"
    from ${activity} where ${watchedBackends} and state = 'active' group by 1 order by 2 desc, 1`,
  rows: z.array(z.object({ wait: z.string(), count: z.number() })),
} satisfies SampleQuery<unknown>;

/** Queries as they were sent, for plans: the last of each backend, running or not. Never stored. */
export const sentQueries = {
  sql: `select ${labMark} query_id::text as "queryId", query, count(*) filter (where state = 'active')::int as active,
      bool_and(usesysid = current_user::regrole) as own
    from ${activity}
    where ${watchedBackends} and query ~* '^\\s*(select|with)\\M'
      and octet_length(query) < pg_size_bytes(current_setting('track_activity_query_size')) - 1
    group by 1, 2 limit 200`,
  rows: z.array(
    z.object({ queryId: z.string().nullable(), query: z.string(), active: z.number(), own: z.boolean() }),
  ),
} satisfies SampleQuery<unknown>;
