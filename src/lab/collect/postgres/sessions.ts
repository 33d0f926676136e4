import { z } from 'zod';
import { connectionStates } from '../../timeline/samples.ts';
import { postgresAgeS } from './activity.ts';
import { labMark, type SampleQuery, watchedBackends } from './lab-sql.ts';
import { sessionFields } from './session-fields.ts';

const session = z.object({
  ...sessionFields,
  state: z.enum(connectionStates),
  queryAgeS: z.number(),
  /** `Lock: relation`, or null when it waits for nothing. */
  waitsFor: z.string().nullable(),
  /** Processes that it waits for; 0 is a prepared transaction. */
  blockers: z.array(z.number()),
});
/** One session that is in a transaction or runs something. */
export type Session = z.infer<typeof session>;

/** As many sessions as a single look tells apart; the oldest transactions come first. */
export const mostSessions = 500;

/**
 * Sessions that are not idle. Who blocks them is asked only for those that wait, as asking locks the lock table itself.
 */
export const busySessions = {
  sql: `select ${labMark} pid, state, application_name as "applicationName", usename::text as "user",
      host(client_addr) as "clientAddress", nullif(client_port, -1) as "clientPort",
      ${postgresAgeS('state_change')} as "stateAgeS", ${postgresAgeS('xact_start')} as "transactionAgeS",
      ${postgresAgeS('query_start')} as "queryAgeS", wait_event_type || ': ' || wait_event as "waitsFor",
      left(query, 500) as query,
      case when wait_event_type = 'Lock' then pg_blocking_pids(pid) else '{}' end as blockers
    from pg_stat_activity
    where ${watchedBackends} and state <> 'idle'
      and state = any('{${connectionStates.map((state) => `"${state}"`).join(',')}}')
    order by least(xact_start, query_start), pid limit ${mostSessions}`,
  rows: z.array(session),
} satisfies SampleQuery<unknown>;
