import { afterEach, beforeEach, expect, test } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { describeOnServers, loginRole, type ServerDatabase } from '../support/postgres-servers.ts';
import { query } from '../support/query.ts';

describeOnServers('pg reset', (open) => {
  let database: ServerDatabase;
  beforeEach(async () => {
    database = await open();
    await query(database.dsn, 'create table call as select 1 as id; select pg_stat_force_next_flush()');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  test('does nothing unless told twice, and says what it would destroy', async () => {
    const { code, stderr } = await gaugeway(['pg', 'reset', '--pg', database.dsn]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/sets the counters .* to zero for everybody.* Add --yes to reset postgres 127/);
    expect(await lastReset()).toBeNull();
  });

  test('resets the database and its statements, and says when that was last done', async () => {
    const first = await gaugeway(['pg', 'reset', '--pg', database.dsn, '--yes', '--statements']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/they\s+had\s+never\s+been\s+reset/);
    expect(await lastReset()).not.toBeNull();
    const kept = await query(
      database.dsn,
      "select from pg_stat_statements where query like 'create table call%' and dbid = (select oid from pg_database where datname = current_database())",
    );
    expect(kept).toEqual([]);
    const second = await gaugeway(['pg', 'reset', '--pg', database.dsn, '--yes']);
    expect(second.stdout).toMatch(/they\s+had\s+been\s+reset\s+at\s+20\d\d-/);
  });

  test('resets nothing when the role may not reset all, and names the grant', async () => {
    const dsn = await loginRole(database.dsn, ['pg_monitor']);
    const role = new URL(dsn).username;
    const command = ['pg', 'reset', '--pg', dsn, '--yes', '--statements'];
    const refused = await gaugeway(command);
    expect(refused.code).toBe(3);
    await query(database.dsn, grantOf(refused.stderr));
    const half = await gaugeway(command);
    expect(half.stderr).toMatch(/nothing was reset: run GRANT .*pg_stat_statements_reset\(oid, oid, bigint/);
    expect(await lastReset()).toBeNull();
    await query(database.dsn, grantOf(half.stderr));
    expect(await gaugeway(command)).toMatchObject({ code: 0 });
    await query(database.dsn, `drop owned by ${role}; drop role ${role}`);
  });

  async function lastReset(): Promise<unknown> {
    const [row] = await query(
      database.dsn,
      'select stats_reset from pg_stat_database where datname = current_database()',
    );
    return row?.['stats_reset'];
  }
});

function grantOf(message: string): string {
  return /GRANT .*/.exec(message)?.[0] ?? '';
}
