import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PgbouncerTarget } from '../../src/lab/collect/pgbouncer/pgbouncer-target.ts';
import { SharedConnection } from '../../src/lab/collect/shared-connection.ts';
import { LocksLook } from '../../src/lab/look/pg/locks.ts';
import { StuckLook } from '../../src/lab/look/pg/stuck.ts';
import { lookAt, postgresAt } from '../support/look-at.ts';
import { startPgBouncer } from '../support/pgbouncer.ts';
import { describeOnServers, loginRole, type ServerDatabase } from '../support/postgres-servers.ts';
import { testDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { findProgram, title } from '../support/requires.ts';

/** Connections that are ended together, before their server is. */
class Clients implements AsyncDisposable {
  readonly #all: Client[] = [];

  async connect(dsn: string, application: string): Promise<Client> {
    const client = new Client({ connectionString: dsn, application_name: application });
    await client.connect();
    this.#all.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#all) await client.end();
  }
}

describeOnServers('sessions that hold up others', (open) => {
  let database: ServerDatabase;
  let monitor: string;
  let clients: Clients;
  let holder: Client;
  let waiting: Promise<unknown>;
  beforeEach(async () => {
    database = await open();
    monitor = await loginRole(database.dsn, ['pg_monitor']);
    await query(database.dsn, "create table account as select 1 as id, 'x' as owner");
    clients = new Clients();
    holder = await clients.connect(database.dsn, 'holder');
    await holder.query('begin');
    await holder.query("update account set owner = 'alice@example.org'");
    const waiter = await clients.connect(database.dsn, 'waiter');
    waiting = waiter.query("update account set owner = 'bob'");
    await expect
      .poll(() => query(database.dsn, "select from pg_stat_activity where wait_event_type = 'Lock'"))
      .toHaveLength(1);
  });
  afterEach(async () => {
    await holder.query('rollback');
    await waiting;
    await clients[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test('are shown by pg stuck to a member of pg_monitor, constants hidden', async () => {
    const { document, text } = await lookAt(new StuckLook(postgresAt(monitor)));
    const [blocker, blocked] = document.sessions;
    expect(blocker).toMatchObject({
      state: 'idle in transaction',
      applicationName: 'holder',
      query: "update account set owner = '***'",
      clientAddress: '127.0.0.1',
      blocked: [blocked?.pid],
      holder: null,
    });
    expect(blocked).toMatchObject({ applicationName: 'waiter', blockers: [blocker?.pid] });
    expect(blocked?.waitsFor).toMatch(/^Lock: /);
    expect(document.notes).toEqual([]);
    expect(text).toMatch(/holder \(\w+\) at 127\.0\.0\.1:\d+; holds\s+up \d+/);
  });

  test('are shown by pg locks as a tree, with the table', async () => {
    const { document, text } = await lookAt(new LocksLook(postgresAt(monitor)));
    expect(document.tree).toMatchObject([
      { applicationName: 'holder', depth: 0, holdsUp: 1, wait: null },
      { applicationName: 'waiter', depth: 1, wait: { lockType: 'transactionid', relation: 'account' } },
    ]);
    expect(text).toMatch(/└ \d+ waiter +a row of account/);
  });

  test('are seen by other roles only as far as PostgreSQL lets them, and the grant is named', async () => {
    const dsn = await loginRole(database.dsn);
    const grant = `GRANT pg_monitor TO ${new URL(dsn).username}`;
    const locks = await lookAt(new LocksLook(postgresAt(dsn)));
    expect(locks.document.tree).toMatchObject([{ depth: 0, state: null }, { depth: 1 }]);
    expect(locks.document.notes).toEqual([`2 sessions of other roles (run ${grant})`]);
    const stuck = await lookAt(new StuckLook(postgresAt(dsn)));
    expect(stuck.document.sessions).toEqual([]);
    expect(stuck.document.notes).toEqual([`2 sessions of other roles (run ${grant})`]);
  });
});

test('nobody waits, nothing is stuck', async () => {
  await using database = await testDatabase();
  expect((await lookAt(new LocksLook(postgresAt(database.dsn)))).text).toBe('Nobody waits for a lock.');
  expect((await lookAt(new StuckLook(postgresAt(database.dsn)))).text).toMatch(/^Nothing is stuck/);
});

const pgbouncerProgram = findProgram('pgbouncer');

describe.skipIf(pgbouncerProgram.missing)(title('behind PgBouncer', pgbouncerProgram), () => {
  test('the client is named that keeps a server connection', async () => {
    await using database = await testDatabase();
    await using pgbouncer = await startPgBouncer(pgbouncerProgram.path ?? '', database.dsn);
    await using clients = new Clients();
    const client = await clients.connect(pgbouncer.through(database.dsn), 'gunicorn');
    await clients.connect(pgbouncer.through(database.dsn), 'other');
    await client.query('begin');
    await client.query('SELECT 1');
    const console = new SharedConnection((signal) => PgbouncerTarget.connect(pgbouncer.consoleDsn, signal));
    const { document, text } = await lookAt(new StuckLook(postgresAt(database.dsn), console));
    expect(document.sessions).toMatchObject([
      { query: 'SELECT 1', holder: { address: '127.0.0.1', applicationName: 'gunicorn' } },
    ]);
    const [held] = document.sessions;
    expect(held?.holder?.port).not.toBe(held?.clientPort);
    expect(text).toContain(`gunicorn (gaugeway) at 127.0.0.1:${held?.holder?.port}, behind PgBouncer`);
  });

  test('that does not answer, PostgreSQL is looked at all the same', async () => {
    await using database = await testDatabase();
    const console = new SharedConnection((signal) =>
      PgbouncerTarget.connect('postgresql://u:hidden@127.0.0.1:9/pgbouncer', signal),
    );
    const { document } = await lookAt(new StuckLook(postgresAt(database.dsn), console));
    expect(document.notes).toEqual([
      expect.stringMatching(/^which clients are behind PgBouncer .*ECONNREFUSED/),
    ]);
  });
});
