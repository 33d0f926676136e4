import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { takeMigrationLock } from './database.ts';
import type { Database } from './database.ts';
import { migrations } from './migrations/index.ts';
import { mapPostgresError, sqlStateOf } from './postgres-error.ts';

const duplicateTable = '42P07';

/**
 * Brings the schema up to date, in one transaction under one lock, so that replicas that start together and
 * poolers in transaction mode are both safe. Gives the names of the migrations that this call ran.
 * Throws GaugewayError unavailable, or config_invalid when the database is not ours to change.
 */
export async function migrateToLatest(database: Database): Promise<string[]> {
  try {
    return await database.transaction().execute(async (transaction) => {
      await sql`set local lock_timeout = '60s'`.execute(transaction);
      // Before the migrator looks at its own tables: it creates them outside the lock that it takes itself.
      await takeMigrationLock(transaction);
      const migrator = new Migrator({
        db: transaction,
        provider: { getMigrations: () => Promise.resolve(migrations) },
      });
      const { error, results } = await migrator.migrateToLatest();
      if (error !== undefined) throw explain(error);
      return (results ?? []).map(({ migrationName }) => migrationName);
    });
  } catch (error) {
    throw explain(error);
  }
}

function explain(error: unknown): unknown {
  if (error instanceof GaugewayError) return error;
  if (sqlStateOf(error) === duplicateTable) {
    return new GaugewayError(
      'config_invalid',
      `the database already holds tables of another application (${messageOf(error)}): give Gaugeway its own`,
      { cause: error },
    );
  }
  if (error instanceof Error && error.message.startsWith('corrupted migrations')) {
    return new GaugewayError(
      'config_invalid',
      `the database was migrated by a newer Gaugeway (${error.message})`,
      { cause: error },
    );
  }
  return mapPostgresError(error);
}
