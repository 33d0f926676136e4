import { z } from 'zod';
import { postgresAgeS } from './activity.ts';
import { labMark, type SampleQuery } from './lab-sql.ts';
import { sessionFields } from './session-fields.ts';

const participant = z.object({
  ...sessionFields,
  /** As PostgreSQL words it, or what kind of process it is; null where the role may not see it. */
  state: z.string().nullable(),
  /** What it waits for; null where it only holds a lock. */
  wait: z
    .object({
      /** As in pg_locks: `relation`, `transactionid`, `tuple` … */
      lockType: z.string(),
      mode: z.string(),
      /** The table, also of a row that is waited for; null where there is none. */
      relation: z.string().nullable(),
      waitS: z.number(),
      /** Who holds the lock, or is before it in the queue; 0 is a prepared transaction. */
      blockers: z.array(z.number()),
    })
    .nullable(),
});
/** A process that waits for a lock, or that others wait for. */
export type LockParticipant = z.infer<typeof participant>;

/** As many waiting processes as a single look asks for: each question locks the lock table for a moment. */
export const mostLockWaits = 200;

/**
 * Who waits for a lock in this database, and those waited for. Who waits for a row waits for the transaction that
 * changed it, and holds the row's place in the queue meanwhile: that tells the table.
 */
export const lockParticipants = {
  sql: `with ${labMark} waiting as materialized (
      select distinct on (pid) pid, locktype, mode, waitstart, coalesce(relation, (
          select held.relation from pg_locks as held
          where held.pid = wanted.pid and held.locktype = 'tuple' and held.granted limit 1
        ))::regclass::text as relation
      from pg_locks as wanted
      where not granted and pid in (select pid from pg_stat_activity where datname = current_database())
      order by pid, waitstart limit ${mostLockWaits}
    ), blocked as materialized (select *, pg_blocking_pids(pid) as blockers from waiting)
    select pid, coalesce(state, backend_type) as state, application_name as "applicationName",
      coalesce(usename::text, '') as "user", host(client_addr) as "clientAddress",
      nullif(client_port, -1) as "clientPort", coalesce(${postgresAgeS('state_change')}, 0) as "stateAgeS",
      coalesce(${postgresAgeS('xact_start')}, 0) as "transactionAgeS", coalesce(left(query, 500), '') as query,
      case when blockers is not null then json_build_object(
        'lockType', locktype, 'mode', mode, 'relation', relation,
        'waitS', ${postgresAgeS('coalesce(waitstart, statement_timestamp())')}, 'blockers', blockers
      ) end as wait
    from pg_stat_activity left join blocked using (pid)
    where pid in (select pid from blocked union all select unnest(blockers) from blocked)
    order by xact_start nulls last, pid`,
  rows: z.array(participant),
} satisfies SampleQuery<unknown>;
