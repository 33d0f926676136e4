import { afterEach, beforeEach, expect, test } from 'vitest';
import { StatementsLook } from '../../src/lab/look/pg/statements.ts';
import { lookAt, postgresAt } from '../support/look-at.ts';
import { describeOnServers, loginRole, type ServerDatabase } from '../support/postgres-servers.ts';
import { query } from '../support/query.ts';

describeOnServers('pg statements', (open) => {
  let database: ServerDatabase;
  beforeEach(async () => {
    database = await open();
    await query(database.dsn, 'create table call as select i as id from generate_series(1, 100) i');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  test('shows what was called in a window, to a role that is only a member of pg_monitor', async () => {
    await query(database.dsn, 'select count(*) from call where id > 7');
    const monitor = await loginRole(database.dsn, ['pg_monitor']);
    const { document, text } = await lookAt(look(monitor, false), {
      async meanwhile() {
        for (const id of [1, 2]) await query(database.dsn, `select count(*) from call where id > ${id}`);
      },
    });
    expect(document.statements).toMatchObject([
      { query: 'select count(*) from call where id > $1', calls: 2, rows: 2, topLevel: true, hitRatio: 1 },
    ]);
    expect(document.notes).toEqual([]);
    expect(text).toMatch(/^In .* s, by total\nstatement +total +mean +calls/);
  });

  test('tells those that a function ran from those that were sent', async () => {
    await query(
      database.dsn,
      `create function inner_call() returns bigint language plpgsql as
        $$ begin return (select max(id) from call); end $$`,
    );
    await query(database.dsn, "set pg_stat_statements.track = 'all'; select inner_call()");
    const { document } = await lookAt(look(database.dsn, true));
    const ofTable = document.statements.filter(({ query: text }) => text.includes('max(id)'));
    expect(ofTable).toContainEqual(expect.objectContaining({ topLevel: false, calls: 1 }));
  });

  test('counts what other roles hide, and names the grant', async () => {
    const dsn = await loginRole(database.dsn);
    const { document } = await lookAt(look(dsn, true));
    expect(document.statements).toEqual([]);
    expect(document.notes).toEqual([
      expect.stringMatching(
        new RegExp(
          `^\\d+ statements? of other roles \\(run GRANT pg_monitor TO ${new URL(dsn).username}\\)$`,
        ),
      ),
    ]);
  });
});

function look(dsn: string, lifetime: boolean): StatementsLook {
  return new StatementsLook(postgresAt(dsn), { lifetime, sort: 'total' });
}
