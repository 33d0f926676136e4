import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Collector } from '../../src/lab/collect/collector.ts';
import { createCollectors } from '../../src/lab/collect/index.ts';
import type { PgbouncerSample } from '../../src/lab/timeline/samples/pgbouncer-sample.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { gaugeway } from '../support/command-line.ts';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { findProgram, title } from '../support/requires.ts';
import { RecordingSink } from './recording-sink.ts';

const program = findProgram('pgbouncer');
const never = new AbortController().signal;

describe.skipIf(program.missing)(title('a PgBouncer in transaction mode', program), () => {
  let database: TestDatabase;
  let pgbouncer: PgBouncer;
  let name: string;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    database = await testDatabase();
    name = new URL(database.dsn).pathname.slice(1);
    pgbouncer = await startPgBouncer(program.path ?? '', database.dsn, {
      settings: { server_reset_query_always: 1, max_client_conn: 40 },
    });
  });
  afterEach(async () => {
    for (const thing of opened.splice(0).toReversed()) await thing.close();
  });
  afterAll(async () => {
    await pgbouncer[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test('shows clients that wait while others hold its connections, and how long they waited', async () => {
    const collector = openCollector();
    const holders = [await connect(), await connect()];
    for (const holder of holders) {
      await holder.query('begin');
      await holder.query('select 1');
    }
    const waiters = [await connect(), await connect(), await connect()];
    const before = await sampleUntil(collector, (sample) => poolOf(sample)?.clientsWaiting === 0);
    const answers = waiters.map((waiter) => waiter.query('select 2'));
    const during = await sampleUntil(collector, (sample) => poolOf(sample)?.clientsWaiting === 3);
    expect(poolOf(during)).toMatchObject({
      poolMode: 'transaction',
      clientsActive: 2,
      serversActive: 2,
      serversIdle: 0,
      size: 2,
      reserve: 0,
    });
    expect(poolOf(during)?.maxWaitMs).toBeGreaterThan(0);
    for (const holder of holders) await holder.query('rollback');
    await Promise.all(answers);
    const after = await sampleUntil(collector, (sample) => totalsOf(sample).waitMs > totalsOf(before).waitMs);
    expect(totalsOf(after).transactions).toBe(totalsOf(before).transactions + 3);
    expect(totalsOf(after).transactionMs).toBeGreaterThan(totalsOf(before).transactionMs);
    expect(totalsOf(after).queries).toBeGreaterThanOrEqual(totalsOf(after).transactions);
  });

  test("leaves the console's own pool out, and tells the settings that matter", async () => {
    const collector = openCollector();
    await connect();
    const sample = await sampleUntil(collector, ({ pools }) => pools.length > 0);
    expect(sample.pools.map((pool) => pool.database)).not.toContain('pgbouncer');
    expect(sample.databases.map((each) => each.database)).not.toContain('pgbouncer');
    expect(sample.settings).toEqual({ maxClientConnections: 40, resetAfterTransaction: 'DISCARD ALL' });
  });

  test('names the connection of the lab', async () => {
    const collector = openCollector();
    await collector.open(never);
    const monitor = new Client({ connectionString: pgbouncer.consoleDsn });
    await monitor.connect();
    opened.push({ close: () => monitor.end() });
    const { rows } = await monitor.query<{ application_name: string; database: string }>('SHOW CLIENTS');
    expect(rows.map(({ application_name }) => application_name)).toContain('gaugeway-lab');
  });

  test('is sampled again after it was restarted', async () => {
    const sink = new RecordingSink();
    const collector = openCollector();
    await collector.open(never);
    await pgbouncer.stop();
    await expect(collector.sample?.(sink)).rejects.toThrow(/^PgBouncer: /);
    await pgbouncer.start();
    await expect
      .poll(
        async () => {
          await collector.sample?.(sink).catch((error: unknown) => sink.gap('pgbouncer', 'x', error));
          return sink.samples.pgbouncer.length;
        },
        { timeout: 15_000, interval: 100 },
      )
      .toBeGreaterThan(0);
  });

  test.for([
    {
      what: 'another database than the console',
      change: (dsn: URL) => (dsn.pathname = '/app'),
      says: /'app' is no admin console/,
    },
    {
      what: 'a wrong password',
      change: (dsn: URL) => (dsn.password = 'hunter22'),
      says: /PgBouncer: .*auth/i,
    },
    { what: 'a closed port', change: (dsn: URL) => (dsn.port = '9'), says: /PgBouncer: .*ECONNREFUSED/ },
  ])('says what is wrong with $what, without a password', async ({ change, says }) => {
    const dsn = new URL(pgbouncer.consoleDsn);
    const { password } = dsn;
    change(dsn);
    const refused = openCollector(dsn.href).open(never);
    await expect(refused).rejects.toThrow(says);
    await expect(refused).rejects.not.toThrow(new RegExp(`${password}|hunter22`));
  });

  test('says who may look when the user may not', async () => {
    const dsn = new URL(pgbouncer.through(database.dsn));
    dsn.pathname = '/pgbouncer';
    await expect(openCollector(dsn.href).open(never)).rejects.toThrow(/must be one of stats_users/);
  });

  test('pg pool fails a pool whose clients wait, and names the cost of DISCARD ALL', async () => {
    const holders = [await connect(), await connect()];
    for (const holder of holders) await holder.query('begin');
    const waiter = await connect();
    const answer = waiter.query('select 2');
    const { code, stdout } = await gaugeway([
      'pg',
      'pool',
      `--pgbouncer=${pgbouncer.consoleDsn}`,
      '--window=200ms',
      '--json',
      '--check',
      '--limit=pgbouncer.max-wait=1',
    ]);
    for (const holder of holders) await holder.query('rollback');
    await answer;
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'pg pool',
      verdict: 'fail',
      maxClientConnections: 40,
      resetAfterTransaction: 'DISCARD ALL',
      pools: expect.arrayContaining([
        expect.objectContaining({ database: name, clientsWaiting: 1, usedPercent: 100, verdict: 'fail' }),
      ]),
      databases: expect.arrayContaining([
        expect.objectContaining({ database: name, transactionsPerS: expect.any(Number) }),
      ]),
      remarks: [
        { verdict: 'fail', text: expect.stringContaining('1 client waits, the first for') },
        { verdict: 'warn', text: expect.stringContaining('DISCARD ALL runs after every transaction') },
      ],
    });
  });

  function openCollector(dsn = pgbouncer.consoleDsn): Collector {
    const stack = { name: 'test', embedded: false, gatewayUrl: 'http://127.0.0.1:9', pgbouncerDsn: dsn };
    const created = createCollectors(
      { ...stack, processes: [], containers: [], logs: [] },
      { logger: createLogger('silent') },
    );
    const collector = created.find(({ source }) => source === 'pgbouncer');
    if (collector === undefined) throw new Error('no collector for PgBouncer');
    opened.push(collector);
    return collector;
  }

  async function connect(): Promise<Client> {
    const client = new Client({ connectionString: pgbouncer.through(database.dsn) });
    await client.connect();
    opened.push({ close: () => client.end() });
    return client;
  }

  const poolOf = (sample: PgbouncerSample): PgbouncerSample['pools'][number] | undefined =>
    sample.pools.find((pool) => pool.database === name);

  const totalsOf = (sample: PgbouncerSample): PgbouncerSample['databases'][number] => {
    const totals = sample.databases.find((each) => each.database === name);
    if (totals === undefined) throw new Error(`no totals of ${name}`);
    return totals;
  };
});

async function sampleUntil(
  collector: Collector,
  holds: (sample: PgbouncerSample) => boolean,
): Promise<PgbouncerSample> {
  const sink = new RecordingSink();
  await collector.open(never);
  const last = (): PgbouncerSample => {
    const sample = sink.samples.pgbouncer.at(-1);
    if (sample === undefined) throw new Error('nothing was sampled');
    return sample;
  };
  await expect
    .poll(
      async () => {
        await collector.sample?.(sink);
        return holds(last());
      },
      { timeout: 10_000, interval: 20 },
    )
    .toBe(true);
  return last();
}
