import { Client } from 'pg';
import { sleep } from '../../../shared/clock.ts';
import type { Logger } from '../../../shared/logger.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import type { StorageHealth, StorageWatch } from '../ports.ts';
import { catalogChannel, catalogVersionSql } from './catalog-version-table.ts';
import { connectionConfig } from './database.ts';
import { reasonOf } from './postgres-error.ts';

/** Together at most two seconds, so that the answer is never older than that while the event loop turns. */
const lookIntervalMs = 500;
const lookTimeoutMs = 1000;
const watchConnectTimeoutMs = 1500;

/**
 * One connection of its own, beside the pool, for two questions: does PostgreSQL answer, and has any replica
 * changed the catalogue? Each look is one statement outside a transaction, so that a pooler gets its server
 * connection back at once. On a direct connection it also listens, which makes changes known without delay.
 */
export function createPostgresWatch(dsn: string, logger: Logger): StorageWatch {
  const ended = new AbortController();
  let state: StorageHealth = { healthy: false, error: 'PostgreSQL was not asked yet' };
  let client: Client | undefined;
  let loop = Promise.resolve();

  async function connect(onCatalogVersion: (version: number) => void): Promise<Client> {
    const next = new Client({
      ...connectionConfig(dsn),
      connectionTimeoutMillis: watchConnectTimeoutMs,
      query_timeout: lookTimeoutMs,
    });
    next.on('error', (error) => logger.debug('watching connection lost', { error: error.message }));
    next.on('notification', ({ payload }) => onCatalogVersion(Number(payload)));
    try {
      await next.connect();
      if (await isDirect(next)) await next.query(`listen ${catalogChannel}`);
      return next;
    } catch (error) {
      disconnect(next);
      throw error;
    }
  }

  async function look(onCatalogVersion: (version: number) => void): Promise<void> {
    client ??= await connect(onCatalogVersion);
    const { rows } = await client.query<{ version: string }>(catalogVersionSql);
    const version = Number(rows[0]?.version);
    if (Number.isSafeInteger(version)) onCatalogVersion(version);
  }

  async function run(onCatalogVersion: (version: number) => void): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        await look(onCatalogVersion);
        if (!state.healthy) logger.info('PostgreSQL answers');
        state = { healthy: true, error: null };
      } catch (error) {
        const reason = maskSecrets(reasonOf(error));
        if (state.healthy) logger.warn('PostgreSQL does not answer', { error: reason });
        state = { healthy: false, error: reason };
        if (client !== undefined) disconnect(client);
        client = undefined;
      }
      await sleep(lookIntervalMs, ended.signal);
    }
  }

  /** Not awaited: the other end may be gone, and nothing depends on its goodbye. */
  function disconnect(old: Client): void {
    old.end().catch((error: unknown) => {
      logger.debug('closing the watching connection failed', { error: reasonOf(error) });
    });
  }

  return {
    health: () => state,
    start(onCatalogVersion) {
      loop = run(onCatalogVersion);
    },
    async stop() {
      ended.abort();
      await loop;
      if (client !== undefined) disconnect(client);
    },
  };
}

/** A pooler hands out a cancel key of its own, so that the two process ids differ only behind one. */
async function isDirect(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return 'processID' in client && client.processID === rows[0]?.pid;
}
