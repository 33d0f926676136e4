import { z } from 'zod';

/** How the lab's direct connections call themselves, so that they can be left out of what they count. */
export const labApplicationName = 'gaugeway-lab';

/** Marks the lab's own statements, and a pooler's server connections that carried them last. */
export const labMark = '/* gaugeway-lab */';

/** Client backends of this database, without those that the lab used last. */
export const watchedBackends = `backend_type = 'client backend'
  and datid = (select oid from pg_database where datname = current_database())
  and pid <> pg_backend_pid() and application_name <> '${labApplicationName}'
  and position('${labMark}' in query) = 0`;

/**
 * The function below pg_stat_activity, for what is asked each second: the view also joins names of roles and databases,
 * and planning that takes longer than everything else in such a statement.
 */
export const activity = 'pg_stat_get_activity(null) as activity';

/** One statement of a sample, with the reader of its rows. */
export interface SampleQuery<T> {
  sql: string;
  rows: z.ZodType<T>;
}
