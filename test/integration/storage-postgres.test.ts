import { sql } from 'kysely';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openPostgresStorage } from '../../src/gateway/storage/postgres/postgres-storage.ts';
import type { Storage } from '../../src/gateway/storage/ports.ts';
import { openDatabase } from '../../src/gateway/storage/postgres/database.ts';
import { mapErrors } from '../../src/gateway/storage/postgres/postgres-error.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { aCall, advisoryLocks, aGateway, aTool, anAggregate, describeStorage } from './storage-contract.ts';

const logger = createLogger('silent');
const databases: TestDatabase[] = [];
afterAll(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())));

async function freshDsn(): Promise<string> {
  const database = await testDatabase();
  databases.push(database);
  return database.dsn;
}
const open = (dsn: string): Promise<Storage> => openPostgresStorage({ dsn, poolSize: 4, logger });

describeStorage('PostgreSQL', async () => open(await freshDsn()));

describe('PostgreSQL storage', () => {
  test('replicas that start at once migrate once', async () => {
    const dsn = await freshDsn();
    const replicas = await Promise.all(Array.from({ length: 4 }, () => open(dsn)));
    await Promise.all(replicas.map((replica) => replica.close()));
    const rows = await query<{ name: string }>(dsn, 'select name from kysely_migration');
    expect(rows).toEqual([{ name: '0001-catalog-and-metrics' }]);
    expect(await query(dsn, advisoryLocks)).toEqual([]);
  });

  test('one replica hears what another one registered', async () => {
    const dsn = await freshDsn();
    const [one, two] = await Promise.all([open(dsn), open(dsn)]);
    try {
      const seen: number[] = [];
      two.watch.start((version) => seen.push(version));
      await vi.waitFor(() => expect(seen.length).toBeGreaterThan(0), { timeout: 10_000 });
      await one.catalog.addGateway(aGateway('lab'), []);
      const { version } = await one.catalog.load();
      await vi.waitFor(() => expect(seen).toContain(version), { timeout: 10_000 });
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  test('calls of a tool that is being deleted do not take those of the others with them', async () => {
    const dsn = await freshDsn();
    const storage = await open(dsn);
    const [gone, kept] = [aGateway('gone'), aGateway('kept')];
    const [lost, staying] = [aTool(gone, 'lost'), aTool(kept, 'staying')];
    await storage.catalog.addGateway(gone, [lost]);
    await storage.catalog.addGateway(kept, [staying]);
    const { database } = openDatabase({ dsn, poolSize: 1, logger });
    const deleted = Promise.withResolvers<void>();
    const mayCommit = Promise.withResolvers<void>();
    const deletion = database.transaction().execute(async (transaction) => {
      await sql`delete from gateways where id = ${gone.id}`.execute(transaction);
      deleted.resolve();
      await mayCommit.promise;
    });
    await deleted.promise;

    const now = Date.now();
    const written = storage.metrics.write(
      [aCall(lost.id, now), aCall(staying.id, now)],
      [anAggregate(lost.id, now, 1000), anAggregate(staying.id, now, 1000)],
    );
    const waiting = `select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    await vi.waitFor(async () => expect(await query(dsn, waiting)).toHaveLength(1), { timeout: 10_000 });
    mayCommit.resolve();
    await Promise.all([deletion, written]);
    expect(await query(dsn, 'select tool_id from tool_metrics')).toEqual([{ tool_id: staying.id }]);
    expect(await storage.metrics.readAggregates()).toMatchObject([{ toolId: staying.id, calls: 1 }]);
    await Promise.all([storage.close(), database.destroy()]);
  });

  test("tool_metrics answers the guide's query as it stands, from the index on timestamp", async () => {
    const dsn = await freshDsn();
    const storage = await open(dsn);
    const gateway = aGateway('lab');
    const tool = aTool(gateway, 'echo');
    await storage.catalog.addGateway(gateway, [tool]);
    const longAgo = Date.now() - 30 * 86_400_000;
    const old = Array.from({ length: 20_000 }, (_, index) => aCall(tool.id, longAgo + index));
    const recent = [aCall(tool.id, Date.now() - 5000), aCall(tool.id, Date.now())];
    await storage.metrics.write([...old, ...recent], [anAggregate(tool.id, Date.now(), 12_500)]);
    await storage.close();

    const [count] = await query<{ count: string; avg: number }>(
      dsn,
      "SELECT COUNT(*), AVG(response_time) FROM tool_metrics WHERE timestamp >= NOW() - INTERVAL '7 days';",
    );
    expect(count).toEqual({ count: '2', avg: 0.0125 });
    await query(dsn, 'analyze tool_metrics');
    const plan = await query<{ 'QUERY PLAN': string }>(
      dsn,
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT TEXT)
SELECT COUNT(*), AVG(response_time)
FROM tool_metrics
WHERE timestamp >= NOW() - INTERVAL '7 days';`,
    );
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('tool_metrics_timestamp');
  });

  test('survives the loss of every connection, and says so while it lasts', async () => {
    const dsn = await freshDsn();
    const storage = await open(dsn);
    storage.watch.start(() => undefined);
    await vi.waitFor(() => expect(storage.watch.health().healthy).toBe(true), { timeout: 10_000 });
    const name = new URL(dsn).pathname.slice(1);
    const admin = new URL(dsn);
    admin.pathname = '/postgres';
    await query(admin.href, `alter database ${name} allow_connections false`);
    await query(
      admin.href,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
    await vi.waitFor(() => expect(storage.watch.health().healthy).toBe(false), { timeout: 10_000 });
    await query(admin.href, `alter database ${name} allow_connections true`);
    await vi.waitFor(() => expect(storage.watch.health().healthy).toBe(true), { timeout: 10_000 });
    expect((await storage.catalog.load()).gateways).toEqual([]);
    await storage.close();
  });

  test('a connection lost within a transaction fails that transaction, not the process', async () => {
    const dsn = await freshDsn();
    const { database } = openDatabase({ dsn, poolSize: 2, logger });
    const lost = database.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
      await query(dsn, `select pg_terminate_backend(${rows[0]?.pid})`);
      await sleep(100);
      await sql`select 1`.execute(transaction);
    });
    await expect(mapErrors(() => lost)).rejects.toMatchObject({ code: 'unavailable' });
    expect((await sql`select 1 as one`.execute(database)).rows).toEqual([{ one: 1 }]);
    await database.destroy();
  });

  test('a closed port is one line with host and port, without the password', async () => {
    const failed = await open('postgres://someone:s3cret@127.0.0.1:9/none').catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'source_unreadable' });
    expect(String(failed)).toContain('127.0.0.1:9');
    expect(String(failed)).not.toContain('s3cret');
  });

  test('a wrong password is a source that cannot be read', async () => {
    const dsn = new URL(await freshDsn());
    dsn.password = 'wrong';
    await expect(open(dsn.href)).rejects.toMatchObject({ code: 'source_unreadable' });
  });

  test("does not touch another application's database", async () => {
    const dsn = await freshDsn();
    await query(dsn, 'create table gateways (id integer)');
    await expect(open(dsn)).rejects.toMatchObject({ code: 'config_invalid' });
    expect(await query(dsn, "select 1 from pg_tables where tablename = 'kysely_migration'")).toEqual([]);
  });

  test('refuses a schema of a newer version', async () => {
    const dsn = await freshDsn();
    await (await open(dsn)).close();
    await query(dsn, "insert into kysely_migration values ('9999-later', '2026-01-01T00:00:00Z')");
    await expect(open(dsn)).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
