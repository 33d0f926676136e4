import { Kysely, PostgresAdapter, PostgresDialect, sql } from 'kysely';
import type { QueryExecutorProvider } from 'kysely';
import { Pool } from 'pg';
import type { PoolConfig } from 'pg';
import type { Logger } from '../../../shared/logger.ts';
import type { Tables } from './tables.ts';

/** The query builder, on the pool or on a transaction. */
export type Database = Kysely<Tables>;

export interface DatabaseOptions {
  dsn: string;
  poolSize: number;
  logger: Logger;
}

export interface DatabasePool {
  database: Database;
  /** Connections now, for the metrics. */
  poolState: () => { total: number; idle: number; waiting: number };
}

/** Bounds of one exchange with the server; a pooler in transaction mode refuses server-side settings. */
export const connectTimeoutMs = 5000;
const queryTimeoutMs = 15_000;

/**
 * What every connection of the gateway shares. Only what PgBouncer passes on in transaction mode: no
 * statement_timeout or other session setting, no named prepared statements.
 */
export function connectionConfig(dsn: string) {
  return {
    connectionString: dsn,
    application_name: 'gaugeway',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  } satisfies PoolConfig;
}

/** A pool and the query builder on it. Connects on first use; `database.destroy()` ends both. */
export function openDatabase({ dsn, poolSize, logger }: DatabaseOptions): DatabasePool {
  const pool = new Pool({
    ...connectionConfig(dsn),
    max: poolSize,
    query_timeout: queryTimeoutMs,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: 600,
  });
  // A lost connection that nobody listens to ends the process. The pool listens to idle ones only; whoever has
  // one checked out learns of the loss from the statement.
  const onLost = (error: Error): void => logger.debug('PostgreSQL connection lost', { error: error.message });
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', onLost));
  const database = new Kysely<Tables>({ dialect: new PooledPostgresDialect({ pool }) });
  return {
    database,
    poolState: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  };
}

/** Any number will do, as long as every replica of every version uses the same. */
const migrationLock = 4_772_019_331;

/** Waits for the one lock under which schemas change; it ends with the transaction. */
export async function takeMigrationLock(transaction: QueryExecutorProvider): Promise<void> {
  await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(transaction);
}

/**
 * Kysely locks migrations with a session-level advisory lock, which a pooler in transaction mode leaves behind
 * on some server connection. A transaction-level one ends with the transaction wherever that runs.
 */
class TransactionLockAdapter extends PostgresAdapter {
  override acquireMigrationLock(transaction: QueryExecutorProvider): Promise<void> {
    return takeMigrationLock(transaction);
  }

  override releaseMigrationLock(): Promise<void> {
    return Promise.resolve();
  }
}

class PooledPostgresDialect extends PostgresDialect {
  override createAdapter(): TransactionLockAdapter {
    return new TransactionLockAdapter();
  }
}
