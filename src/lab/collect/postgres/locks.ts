import { z } from 'zod';
import { activity, labMark, type SampleQuery, watchedBackends } from './lab-sql.ts';
import { maskStatement } from './mask-statement.ts';

/** Backends that wait for a lock. Only for those is it asked who blocks them, as that locks the lock table itself. */
export const blockedBackends = {
  sql: `select ${labMark} pid, left(query, 500) as query, pg_blocking_pids(pid) as blockers,
      greatest(0, extract(epoch from clock_timestamp() - coalesce(
        (select min(waitstart) from pg_locks where pg_locks.pid = activity.pid and not granted), query_start
      )))::float8 as "ageS"
    from ${activity}
    where ${watchedBackends} and wait_event_type = 'Lock' order by 4 desc limit 50`,
  rows: z.array(
    z.object({
      pid: z.number(),
      ageS: z.number(),
      query: z.string().transform(maskStatement),
      blockers: z.array(z.number()),
    }),
  ),
} satisfies SampleQuery<unknown>;
