import { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TablesLook } from '../../src/lab/look/pg/tables.ts';
import { lookAt, postgresAt } from '../support/look-at.ts';
import { describeOnServers, loginRole, type ServerDatabase } from '../support/postgres-servers.ts';
import { query } from '../support/query.ts';

describeOnServers('pg tables', (open) => {
  let database: ServerDatabase;
  let client: Client;
  beforeEach(async () => {
    database = await open();
    client = new Client({ connectionString: database.dsn });
    await client.connect();
    await client.query('create table call as select i as id from generate_series(1, 2000) i');
    await client.query('create index on call (id)');
    // What is not reported yet would be counted again on top of what ANALYZE counted.
    await client.query('select pg_stat_force_next_flush()');
    await client.query('analyze call');
  });
  afterEach(async () => {
    await client.end();
    await database[Symbol.asyncDispose]();
  });

  test('shows what a window read, to a role that is only a member of pg_monitor', async () => {
    await scan(1);
    const look = new TablesLook(postgresAt(await loginRole(database.dsn, ['pg_monitor'])), {
      lifetime: false,
    });
    const { document, text } = await lookAt(look, { meanwhile: () => scan(3) });
    expect(document.tables).toMatchObject([
      { table: 'call', liveRows: 2000, seqScan: 3, seqTupRead: 6000, rowsPerSeqScan: 2000 },
    ]);
    expect(document.tables[0]?.totalBytes).toBeGreaterThan(8192);
    expect(document.notes).toEqual([]);
    expect(text).toMatch(
      /^In \d+\.\d s\ntable +size +live +seq_scan +tup_read +idx_scan +avg read +verdict\ncall /,
    );
  });

  test('shows all since the last reset, to any role', async () => {
    await scan(2);
    await query(database.dsn, 'select pg_stat_reset()');
    await scan(4);
    const look = new TablesLook(postgresAt(await loginRole(database.dsn)), { lifetime: true });
    const { document, text } = await lookAt(look);
    expect(document).toMatchObject({
      windowMs: null,
      tables: [{ table: 'call', liveRows: 2000, seqScan: 4 }],
    });
    expect(text).toMatch(/^Since the last reset, \d+\.\d s ago/);
  });

  test('does not wait for a table that is locked, and says that its size is not known', async () => {
    await client.query('begin; lock table call');
    const { document } = await lookAt(new TablesLook(postgresAt(database.dsn), { lifetime: true }));
    expect(document.tables).toMatchObject([{ table: 'call', totalBytes: null }]);
    expect(document.notes).toEqual([expect.stringContaining('the size of tables that are locked')]);
    await client.query('rollback');
  });

  /** Counters reach the statistics when the backend is asked to report them. */
  async function scan(times: number): Promise<void> {
    for (let run = 0; run < times; run += 1) await client.query('select sum(id) from call');
    await client.query('select pg_stat_force_next_flush()');
  }
});
