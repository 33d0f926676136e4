import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Storage } from '../../src/gateway/storage/ports.ts';
import { openPostgresStorage } from '../../src/gateway/storage/postgres/postgres-storage.ts';
import { createCollectors } from '../../src/lab/collect/index.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { type ReadyProcess, spawnReady } from '../../src/shared/spawn-ready.ts';
import { startUpstreamFixture, type UpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { type ExternalPostgres, startExternalPostgres } from '../support/external-postgres.ts';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { query } from '../support/query.ts';
import { findProgram, title } from '../support/requires.ts';
import { RecordingSink } from './recording-sink.ts';
import { toolCall } from './running-gateway.ts';
import { describeStorage } from './storage-contract.ts';

const postgresProgram = findProgram('postgres');
const pgbouncerProgram = findProgram('pgbouncer');
const mainFile = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const logger = createLogger('silent');
const soon = { timeout: 20_000, interval: 50 };

let upstream: UpstreamFixture;
beforeAll(async () => {
  upstream = await startUpstreamFixture({ port: 0 });
});
afterAll(() => upstream.close());

describe.skipIf(postgresProgram.missing)(title("on the system's PostgreSQL", postgresProgram), () => {
  let postgres: ExternalPostgres;
  beforeAll(async () => {
    postgres = await startExternalPostgres(postgresProgram.path ?? '');
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  describeStorage("the system's PostgreSQL", async () => open(await postgres.createDatabase()));

  test('gaugeway serve registers a server, relays a call and accounts for it', async () => {
    const dsn = await postgres.createDatabase();
    await using gateway = await serve(dsn);
    await register(gateway);
    await callEcho(gateway);
    await expectAccounted(gateway, dsn, 1);
  });

  test('is sampled by the lab, which says why there are no statements', async () => {
    const dsn = await postgres.createDatabase();
    await using gateway = await serve(dsn);
    await vi.waitFor(() => expectStatus(gateway, '/ready', 200), soon);
    const withoutExtension = await record(dsn);
    expect(withoutExtension.gaps).toEqual([
      {
        source: 'statements',
        target: `postgres ${new URL(dsn).host}${new URL(dsn).pathname}`,
        error:
          "pg_stat_statements is not available: run CREATE EXTENSION pg_stat_statements in this database and have shared_preload_libraries = 'pg_stat_statements' set",
      },
    ]);
    expectTablesSeen(withoutExtension);
    const [sample] = withoutExtension.samples.postgres;
    expect(sample?.connections).toContainEqual(expect.objectContaining({ state: 'idle' }));

    await query(dsn, 'create extension pg_stat_statements');
    expect((await record(dsn)).gaps).toMatchObject([
      {
        error:
          "pg_stat_statements is not available: set shared_preload_libraries = 'pg_stat_statements' and restart the server",
      },
    ]);
  });
});

describe.skipIf(postgresProgram.missing ?? pgbouncerProgram.missing)(
  title('by way of PgBouncer in transaction mode', postgresProgram, pgbouncerProgram),
  () => {
    let postgres: ExternalPostgres;
    let pgbouncer: PgBouncer;
    beforeAll(async () => {
      postgres = await startExternalPostgres(postgresProgram.path ?? '', {
        shared_preload_libraries: 'pg_stat_statements',
      });
      pgbouncer = await startPgBouncer(pgbouncerProgram.path ?? '', postgres.dsn);
    });
    afterAll(async () => {
      await pgbouncer[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    });

    describeStorage('PostgreSQL', async () => open(pgbouncer.through(await postgres.createDatabase())));

    test('replicas of gaugeway serve start at once and show each other what was registered', async () => {
      const dsn = await postgres.createDatabase();
      const through = pgbouncer.through(dsn);
      const replicas = await Promise.all([serve(through), serve(through)]);
      await using one = replicas[0];
      await using two = replicas[1];
      expect(await query(dsn, 'select name from kysely_migration')).toHaveLength(1);
      await register(one);
      await vi.waitFor(() => callEcho(two), soon);
      await callEcho(one);
      await expectAccounted(one, dsn, 2);
      await expectAccounted(two, dsn, 2);
      expect(
        await query(
          dsn,
          "select query from pg_stat_activity where datname = current_database() and (state like 'idle in transaction%' or query ilike 'listen%')",
        ),
      ).toEqual([]);
      expect(await query(dsn, "select pid from pg_locks where locktype = 'advisory'")).toEqual([]);
    });

    test('health tells that PgBouncer is gone, calls go on, and are accounted for when it is back', async () => {
      const dsn = await postgres.createDatabase();
      await using gateway = await serve(pgbouncer.through(dsn));
      await register(gateway);
      await vi.waitFor(() => expectStatus(gateway, '/ready', 200), soon);

      await pgbouncer.stop();
      try {
        await vi.waitFor(() => expectStatus(gateway, '/health', 503), soon);
        expect(await (await fetch(new URL('/ready', gateway.url))).json()).toEqual({
          status: 'unready',
          notReady: ['the storage does not answer'],
        });
        await callEcho(gateway);
        expect(await query(dsn, 'select id from tool_metrics')).toEqual([]);
      } finally {
        await pgbouncer.start();
      }
      await vi.waitFor(() => expectStatus(gateway, '/health', 200), soon);
      await expectStatus(gateway, '/ready', 200);
      await expectAccounted(gateway, dsn, 1);
    });

    test('is sampled by the lab with connections, tables, statements and plans', async () => {
      const dsn = await postgres.createDatabase();
      await query(dsn, 'create extension pg_stat_statements');
      const through = pgbouncer.through(dsn);
      await using gateway = await serve(through);
      await register(gateway);
      const sink = await record(through, async () => {
        await callEcho(gateway);
        await expectAccounted(gateway, dsn, 1);
        await query(through, "select count(*) from tools where name like 'demo%'");
      });
      expect(sink.gaps).toEqual([]);
      expectTablesSeen(sink);
      const statements = sink.samples.statements.at(-1)?.statements ?? [];
      expect(
        statements.find(({ query: text }) => /^insert into "?tool_metrics"? /i.test(text)),
      ).toMatchObject({
        calls: 1,
        rows: 1,
      });
      expect(statements.filter(({ query: text }) => text.includes('gaugeway-lab'))).toEqual([]);
      expect(sink.plans.length).toBeGreaterThan(0);
    });

    test('shows the lab a transaction that a client without a name leaves open, on a connection that the lab used', async () => {
      const dsn = await postgres.createDatabase();
      const through = pgbouncer.through(dsn);
      await record(through);
      const client = new Client({ connectionString: through });
      await client.connect();
      try {
        await client.query('begin');
        await client.query('select 42');
        const sample = (await record(through)).samples.postgres.at(-1);
        expect(sample?.idleInTransaction).toMatchObject([
          { query: 'select 42', applicationName: '', count: 1 },
        ]);
        expect(sample?.connections).toMatchObject([{ state: 'idle in transaction', count: 1 }]);
      } finally {
        await client.end();
      }
    });
  },
);

const open = (dsn: string): Promise<Storage> => openPostgresStorage({ dsn, poolSize: 4, logger });

/** The gateway as a user starts it, in a process of its own; disposing ends it. */
function serve(dsn: string): Promise<ReadyProcess> {
  return spawnReady({
    name: 'gateway',
    command: process.execPath,
    args: [mainFile, 'serve', '--pg', dsn, '--port', '0', '--exit-with-parent'],
    env: { DATABASE_URL: undefined, JWT_SECRET_KEY: undefined, NODE_OPTIONS: undefined },
  });
}

async function expectStatus(gateway: ReadyProcess, path: string, status: number): Promise<void> {
  expect((await fetch(new URL(path, gateway.url))).status).toBe(status);
}

async function register(gateway: ReadyProcess): Promise<void> {
  const answer = await fetch(new URL('/gateways', gateway.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'demo', url: upstream.url }),
  });
  expect(await answer.json()).toMatchObject({ name: 'demo', reachable: true });
  expect(answer.status).toBe(201);
}

async function callEcho(gateway: ReadyProcess): Promise<void> {
  const answer = await fetch(new URL('/mcp', gateway.url), toolCall('demo-echo', { message: 'hello' }));
  expect(await answer.json()).toMatchObject({ result: { content: [{ type: 'text', text: 'hello' }] } });
}

/** Waits until the table and GET /metrics both know of `calls` calls, and compares what they say of them. */
async function expectAccounted(gateway: ReadyProcess, dsn: string, calls: number): Promise<void> {
  await vi.waitFor(async () => {
    const [row] = await query(
      dsn,
      'select count(*)::int as calls, count(*) filter (where is_success)::int as successes, avg(response_time) as "avgS" from tool_metrics',
    );
    expect(row).toMatchObject({ calls, successes: calls });
    expect(await (await fetch(new URL('/metrics', gateway.url))).json()).toMatchObject({
      tools: {
        totalExecutions: calls,
        failedExecutions: 0,
        avgResponseTime: expect.closeTo(Number(row?.['avgS']), 5),
      },
      byTool: [{ name: 'demo-echo', totalExecutions: calls }],
    });
  }, soon);
}

/** Everything that the lab's PostgreSQL sources give of a run in which `act` happens. */
async function record(dsn: string, act: () => Promise<void> = async () => undefined): Promise<RecordingSink> {
  const stack = { name: 'test', embedded: false, gatewayUrl: 'http://127.0.0.1:9', postgresDsn: dsn };
  const collectors = createCollectors(
    { ...stack, processes: [], containers: [], logs: [] },
    { logger },
  ).filter(({ source }) => source === 'postgres' || source === 'statements');
  const sink = new RecordingSink();
  const opened = [];
  for (const collector of collectors) {
    try {
      await collector.open(AbortSignal.timeout(10_000));
      opened.push(collector);
    } catch (error) {
      sink.gap(collector.source, collector.target, error);
    }
  }
  for (const collector of opened) await collector.enterPhase?.('ramp', sink);
  await act();
  for (const collector of opened) await collector.sample?.(sink);
  for (const collector of opened) await collector.finish?.(sink);
  for (const collector of collectors) await collector.close();
  return sink;
}

function expectTablesSeen(sink: RecordingSink): void {
  const sample = sink.samples.postgres.at(-1);
  expect(sample?.tables.map(({ table }) => table)).toContain('tool_metrics');
  expect(sample?.database.xactCommit).toBeGreaterThan(0);
}
