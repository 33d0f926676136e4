import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Collector } from '../../src/lab/collect/collector.ts';
import { createCollectors } from '../../src/lab/collect/index.ts';
import type { PostgresSample } from '../../src/lab/timeline/samples.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;
let database: TestDatabase;
let sink: RecordingSink;
let opened: { close(): Promise<void> }[];

beforeEach(async () => {
  database = await testDatabase();
  sink = new RecordingSink();
  opened = [];
});
afterEach(async () => {
  for (const thing of opened.toReversed()) await thing.close();
  await database[Symbol.asyncDispose]();
});

describe('a PostgreSQL database', () => {
  test('shows who leaves transactions open, by what was run last', async () => {
    const applications = [await connect('billing'), await connect('billing'), await connect('health')];
    for (const [at, client] of applications.entries()) {
      await client.query('begin');
      await client.query(at < 2 ? "select 'alice@example.org' as customer" : 'SELECT 1');
    }
    const sample = await sampleOnce();
    expect(stateCount(sample, 'idle in transaction')).toBe(3);
    expect(
      sample.idleInTransaction
        .map(({ query, applicationName, count }) => ({ query, applicationName, count }))
        .toSorted((a, b) => b.count - a.count),
    ).toEqual([
      { query: "select '***' as customer", applicationName: 'billing', count: 2 },
      { query: 'SELECT 1', applicationName: 'health', count: 1 },
    ]);
    for (const { maxAgeS, meanAgeS } of sample.idleInTransaction) {
      expect(maxAgeS).toBeGreaterThan(0);
      expect(maxAgeS).toBeGreaterThanOrEqual(meanAgeS);
    }
    const idle = sample.connections.find(({ state }) => state === 'idle in transaction');
    expect(idle?.maxTransactionAgeS).toBeGreaterThanOrEqual(idle?.maxStateAgeS ?? Infinity);
  });

  test('counts none of the connections of the lab', async () => {
    const [postgres] = collectors();
    const sample = await sampleOnce(postgres);
    expect(sample.connections).toEqual([]);
    expect(sample.activeByWait).toEqual([]);
    expect(sample.maxConnections).toBeGreaterThan(0);
  });

  test('says what taking a sample took on the server', async () => {
    const { serverMs } = await sampleOnce();
    expect(serverMs).toBeGreaterThan(0);
    expect(serverMs).toBeLessThan(sink.costsMs.at(-1) ?? 0);
  });

  test("tells once a minute how far the server's clock is from ours", async () => {
    const [postgres] = collectors();
    await sampleOnce(postgres);
    await postgres?.sample?.(sink);
    const [clock, ...more] = sink.clocks;
    expect(more).toEqual([]);
    expect(clock).toMatchObject({ source: 'postgres', target: postgres?.target });
    // The same clock, read by two ways: Node's does not follow steps of it since the process began.
    expect(clock?.errorMs).toBeGreaterThan(0);
    expect(Math.abs(clock?.offsetMs ?? Infinity)).toBeLessThan(1000 + (clock?.errorMs ?? 0));
  });

  test('shows who waits for a lock, and who holds it', async () => {
    const [holder, waiter] = [await connect('holder'), await connect('waiter')];
    await holder.query('create table account (id int primary key, note text)');
    await holder.query('begin');
    await holder.query('lock table account');
    const waiting = waiter.query("insert into account values (1, 'secret')");
    const sample = await sampleUntil(({ blocked }) => blocked.length > 0);
    expect(sample.blocked).toEqual([
      {
        pid: await pidOf(holder, 'waiter'),
        ageS: expect.any(Number),
        query: "insert into account values (1, '***')",
        blockers: [await pidOf(holder, 'holder')],
      },
    ]);
    expect(sample.activeByWait).toContainEqual({ wait: 'Lock', count: 1 });
    await holder.query('rollback');
    await waiting;
  });

  test('counts rows that sequential scans read, and transactions', async () => {
    const client = await connect('app');
    await client.query('create table event as select i as id from generate_series(1, 1000) i');
    await flush(client);
    const before = await sampleUntil(({ tables }) => tables.some(({ inserted }) => inserted === 1000));
    for (let run = 0; run < 3; run += 1) await client.query('select count(*) from event where id > 10');
    await flush(client);
    const after = await sampleUntil((sample) => rowsRead(sample) >= rowsRead(before) + 3000);
    expect(rowsRead(after) - rowsRead(before)).toBe(3000);
    expect(after.database.xactCommit).toBeGreaterThan(before.database.xactCommit);
    // Each of these looks has a connection of its own, and the one by which it was opened was before it.
    expect(after.ownTransactions).toBe(1);
  });

  test('is read by a role that is only a member of pg_monitor', async () => {
    const client = await connect('app');
    const role = `monitor_${new URL(database.dsn).pathname.slice(1)}`;
    await client.query(`create role ${role} login password 'x' in role pg_monitor`);
    // Closed in reverse order: after the collectors, before the client.
    opened.push({ close: async () => void (await client.query(`drop role ${role}`)) });
    await client.query('begin');
    await client.query('select 7');
    const dsn = new URL(database.dsn);
    dsn.username = role;
    dsn.password = 'x';
    const sample = await sampleOnce(collectors(dsn.href)[0]);
    expect(sample.idleInTransaction).toMatchObject([{ query: 'select 7', count: 1 }]);
    await client.query('rollback');
  });

  test('is sampled again after the connection was lost', async () => {
    const [postgres] = collectors();
    await sampleOnce(postgres);
    const admin = await connect('admin');
    await admin.query(
      "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'gaugeway-lab' and datname = current_database()",
    );
    const before = sink.samples.postgres.length;
    await expect
      .poll(
        async () => {
          await postgres?.sample?.(sink).catch((error: unknown) => sink.gap('postgres', 'x', error));
          return sink.samples.postgres.length;
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBeGreaterThan(before);
  });

  test('says what is wrong when nobody listens there, without the password', async () => {
    const [postgres] = collectors('postgres://app:hunter22@127.0.0.1:9/none');
    const refused = postgres?.open(never);
    await expect(refused).rejects.toThrow(/PostgreSQL: .*ECONNREFUSED/);
    await expect(refused).rejects.not.toThrow(/hunter22/);
    expect(postgres?.target).toBe('postgres 127.0.0.1:9/none');
  });
});

describe('pg_stat_statements', () => {
  test("gives calls and times of statements, none of them the lab's own", async () => {
    const client = await connect('app');
    const [, statements] = collectors();
    await statements?.open(never);
    for (let run = 0; run < 5; run += 1) await client.query('select 40 + $1::int as sum', [run]);
    await statements?.sample?.(sink);
    await statements?.sample?.(sink);
    const seen = sink.samples.statements.at(-1)?.statements ?? [];
    expect(seen.find(({ query }) => query.includes('as sum'))).toMatchObject({ calls: 5, rows: 5 });
    expect(seen.filter(({ query }) => query.includes('gaugeway-lab'))).toEqual([]);
  });

  test('is missing with the remedy', async () => {
    const client = await connect('app');
    await client.query('drop extension pg_stat_statements');
    const [, statements] = collectors();
    await expect(statements?.open(never)).rejects.toThrow('run CREATE EXTENSION pg_stat_statements');
  });
});

/** Those of the database: its activity, and its statements. */
function collectors(dsn = database.dsn): Collector[] {
  const stack = {
    name: 'test',
    embedded: false,
    gatewayUrl: 'http://127.0.0.1:9',
    processes: [],
    containers: [],
    logs: [],
  };
  const created = createCollectors({ ...stack, postgresDsn: dsn }, { logger: createLogger('silent') });
  opened.push(...created);
  return created.filter(({ source }) => source === 'postgres' || source === 'statements');
}

async function sampleOnce(postgres = collectors()[0]): Promise<PostgresSample> {
  await postgres?.open(never);
  await postgres?.sample?.(sink);
  return lastSample();
}

/** Counters reach the statistics a moment after what they count. */
async function sampleUntil(holds: (sample: PostgresSample) => boolean): Promise<PostgresSample> {
  const [postgres] = collectors();
  await postgres?.open(never);
  await expect
    .poll(
      async () => {
        await postgres?.sample?.(sink);
        return holds(lastSample());
      },
      { timeout: 15_000, interval: 50 },
    )
    .toBe(true);
  return lastSample();
}

/** A backend reports its counters at most once a second, or else after ten: it is asked to. */
async function flush(client: Client): Promise<void> {
  await client.query('select pg_stat_force_next_flush()');
}

function rowsRead(sample: PostgresSample): number {
  return sample.tables.find(({ table }) => table === 'event')?.seqTupRead ?? 0;
}

function lastSample(): PostgresSample {
  const sample = sink.samples.postgres.at(-1);
  if (!sample) throw new Error('nothing was sampled');
  return sample;
}

function stateCount(sample: PostgresSample, state: string): number {
  return sample.connections.find((row) => row.state === state)?.count ?? 0;
}

async function connect(application: string): Promise<Client> {
  const client = new Client({ connectionString: database.dsn, application_name: application });
  await client.connect();
  opened.push({ close: () => client.end() });
  return client;
}

async function pidOf(client: Client, application: string): Promise<number> {
  const { rows } = await client.query<{ pid: number }>(
    'select pid from pg_stat_activity where application_name = $1 and datname = current_database()',
    [application],
  );
  return rows[0]?.pid ?? -1;
}
