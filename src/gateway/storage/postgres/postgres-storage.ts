import { GaugewayError } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import type { Storage } from '../ports.ts';
import { openDatabase } from './database.ts';
import { migrateToLatest } from './migrate.ts';
import { createPostgresCatalogStore } from './postgres-catalog-store.ts';
import { reasonOf } from './postgres-error.ts';
import { createPostgresMetricsStore } from './postgres-metrics-store.ts';
import { createPostgresWatch } from './postgres-watch.ts';

export interface PostgresStorageOptions {
  dsn: string;
  poolSize: number;
  logger: Logger;
}

/**
 * Opens PostgreSQL and brings its schema up to date. Throws GaugewayError source_unreadable, naming host and
 * port, when it cannot be reached.
 */
export async function openPostgresStorage({
  dsn,
  poolSize,
  logger,
}: PostgresStorageOptions): Promise<Storage> {
  const { database, poolState } = openDatabase({ dsn, poolSize, logger });
  try {
    const applied = await migrateToLatest(database);
    if (applied.length > 0) logger.info('schema migrated', { migrations: applied.join(', ') });
  } catch (error) {
    await database.destroy();
    throw explainUnreachable(error, dsn);
  }
  const watch = createPostgresWatch(dsn, logger);
  return {
    catalog: createPostgresCatalogStore(database),
    metrics: createPostgresMetricsStore(database),
    watch,
    poolState,
    async close() {
      await watch.stop();
      await database.destroy();
    },
  };
}

/** Access denied and a missing database are no less a source that cannot be read than a closed port. */
function explainUnreachable(error: unknown, dsn: string): unknown {
  if (!(error instanceof GaugewayError) || error.code !== 'unavailable') return error;
  const url = URL.parse(dsn);
  const where = `${url?.hostname || 'localhost'}:${url?.port || '5432'}`;
  return new GaugewayError(
    'source_unreadable',
    `cannot use PostgreSQL at ${where}: ${reasonOf(error.cause)}`,
    {
      cause: error,
    },
  );
}
