import { afterAll, beforeAll, describe } from 'vitest';
import { startExternalPostgres, type ExternalPostgres } from './external-postgres.ts';
import { testDatabase } from './postgres.ts';
import { query } from './query.ts';
import { findProgram, title } from './requires.ts';

/** A database of a test on one of the servers. */
export interface ServerDatabase extends AsyncDisposable {
  /** For a superuser. */
  readonly dsn: string;
}

const systemPostgres = findProgram('postgres');

/**
 * Describes the same on the embedded PostgreSQL 18 and on the system's, which is older; `open` gives an empty
 * database that has pg_stat_statements.
 */
export function describeOnServers(
  name: string,
  specify: (open: () => Promise<ServerDatabase>) => void,
): void {
  describe(`${name}, on the embedded PostgreSQL`, () => specify(testDatabase));
  describe.skipIf(systemPostgres.missing)(
    title(`${name}, on the system's PostgreSQL`, systemPostgres),
    () => {
      let server: ExternalPostgres;
      beforeAll(async () => {
        server = await startExternalPostgres(systemPostgres.path ?? '', {
          shared_preload_libraries: 'pg_stat_statements',
        });
      });
      afterAll(() => server[Symbol.asyncDispose]());
      specify(async () => {
        const dsn = await server.createDatabase();
        await query(dsn, 'create extension pg_stat_statements');
        return { dsn, [Symbol.asyncDispose]: async () => undefined };
      });
    },
  );
}

/** The DSN for a new role of that database that may log in and, as a member of `roles`, no more than they may. */
export async function loginRole(dsn: string, roles: readonly string[] = []): Promise<string> {
  const url = new URL(dsn);
  const name = `role_${url.pathname.slice(1)}_${roles.length}`;
  await query(
    dsn,
    `create role ${name} login password 'x'${roles.length > 0 ? ` in role ${roles.join(', ')}` : ''}`,
  );
  url.username = name;
  url.password = 'x';
  return url.href;
}
