import { GaugewayError } from '../../../shared/errors.ts';
import type {
  PgbouncerPool,
  PgbouncerSample,
  PgbouncerSettings,
  PgbouncerTotals,
} from '../../timeline/samples/pgbouncer-sample.ts';
import { consoleDatabase, type PgbouncerTarget, type ShowCommand, type ShowRow } from './pgbouncer-target.ts';

/** Reads pools, totals and settings. Throws GaugewayError source_unreadable. */
export async function readPgbouncer(pgbouncer: Pick<PgbouncerTarget, 'show'>): Promise<PgbouncerSample> {
  const [pools, stats, databases, config] = [
    await pgbouncer.show('POOLS'),
    await pgbouncer.show('STATS'),
    await pgbouncer.show('DATABASES'),
    await pgbouncer.show('CONFIG'),
  ];
  const byName = new Map(databases.map((row) => [row['name'], row]));
  return {
    pools: pools.filter(isWatched).map((row) => poolOf(row, byName.get(row['database']))),
    databases: stats.filter(isWatched).map(totalsOf),
    settings: settingsOf(new Map(config.map((row) => [row['key'] ?? '', row['value'] ?? '']))),
  };
}

function isWatched(row: ShowRow): boolean {
  return row['database'] !== consoleDatabase;
}

function poolOf(row: ShowRow, database: ShowRow | undefined): PgbouncerPool {
  const size = database?.['pool_size'];
  return {
    database: row['database'] ?? '',
    user: row['user'] ?? '',
    poolMode: row['pool_mode'] ?? '',
    clientsActive: count('POOLS', row, 'cl_active'),
    clientsWaiting: count('POOLS', row, 'cl_waiting'),
    serversActive: count('POOLS', row, 'sv_active'),
    serversIdle: count('POOLS', row, 'sv_idle'),
    serversUsed: count('POOLS', row, 'sv_used') + count('POOLS', row, 'sv_login'),
    serversResetting: count('POOLS', row, 'sv_tested'),
    // Whole seconds, and the microseconds beyond them.
    maxWaitMs: count('POOLS', row, 'maxwait') * 1000 + count('POOLS', row, 'maxwait_us') / 1000,
    size: size === undefined || size === '' ? null : Number(size),
    // Called reserve_pool_size since version 1.24.
    reserve: Number(database?.['reserve_pool_size'] ?? database?.['reserve_pool'] ?? 0),
  };
}

function totalsOf(row: ShowRow): PgbouncerTotals {
  const milliseconds = (column: string): number => count('STATS', row, column) / 1000;
  return {
    database: row['database'] ?? '',
    transactions: count('STATS', row, 'total_xact_count'),
    queries: count('STATS', row, 'total_query_count'),
    transactionMs: milliseconds('total_xact_time'),
    queryMs: milliseconds('total_query_time'),
    waitMs: milliseconds('total_wait_time'),
  };
}

function settingsOf(config: ReadonlyMap<string, string>): PgbouncerSettings {
  const query = config.get('server_reset_query') ?? '';
  return {
    maxClientConnections: Number(config.get('max_client_conn') ?? 0),
    resetAfterTransaction: config.get('server_reset_query_always') === '1' && query !== '' ? query : null,
  };
}

function count(command: ShowCommand, row: ShowRow, column: string): number {
  const value = Number(row[column] ?? Number.NaN);
  if (Number.isFinite(value)) return value;
  throw new GaugewayError(
    'source_unreadable',
    `PgBouncer: SHOW ${command} has no ${column}; version 1.8 or newer is needed`,
  );
}
