import { outsideMessage } from '../../shared/outside-error.ts';
import { PgbouncerTarget } from '../collect/pgbouncer/pgbouncer-target.ts';
import { readPgbouncer } from '../collect/pgbouncer/read-pgbouncer.ts';
import { type Examination, fail, ok } from './check.ts';

/** Reads the console once, as every sample does. */
export const examinePgbouncer: Examination = async ({ pgbouncerDsn }, signal) => {
  if (pgbouncerDsn === undefined) return [];
  let pgbouncer: PgbouncerTarget | undefined;
  try {
    pgbouncer = await PgbouncerTarget.connect(pgbouncerDsn, signal);
    const { pools } = await readPgbouncer(pgbouncer);
    return [{ source: 'pgbouncer', check: 'console', ...ok(`it can be read: ${pools.length} pools`) }];
  } catch (error) {
    const user = decodeURIComponent(new URL(pgbouncerDsn).username) || 'gaugeway_stats';
    const remedy = [
      `in pgbouncer.ini: stats_users = ${user}`,
      `in its auth_file: "${user}" "…"  # the password, or its SCRAM secret`,
      'RELOAD;  -- on the admin console',
    ];
    const down = outsideMessage(error).includes('ECONNREFUSED');
    return [
      {
        source: 'pgbouncer',
        check: 'console',
        ...fail(
          outsideMessage(error),
          ...(down ? ['start it, or let gaugeway discover --force find it'] : remedy),
        ),
      },
    ];
  } finally {
    await pgbouncer?.close();
  }
};
