import { z } from 'zod';
import { labMark, type SampleQuery } from './lab-sql.ts';

/** How PostgreSQL shows the statements of roles that one may not look at. */
export const hiddenText = '<insufficient privilege>';

/** Who we are, and how many sessions of this database are hidden from us. */
export const visibility = {
  sql: `select ${labMark} quote_ident(current_user) as role,
      (select count(*)::int from pg_stat_activity where datname = current_database() and query = '${hiddenText}')
        as "hiddenSessions"`,
  rows: z.tuple([z.object({ role: z.string(), hiddenSessions: z.number() })]),
} satisfies SampleQuery<unknown>;

/** What a role without `pg_monitor` cannot see of `count` things of other roles, with the remedy; nothing of none. */
export function hiddenNote(count: number, what: string, role: string): string[] {
  if (count === 0) return [];
  return [`${count} ${what}${count === 1 ? '' : 's'} of other roles (run GRANT pg_monitor TO ${role})`];
}
