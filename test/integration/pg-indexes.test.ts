import { afterEach, beforeEach, expect, test } from 'vitest';
import { IndexesLook } from '../../src/lab/look/pg/indexes.ts';
import { limitsWith } from '../../src/lab/look/limits.ts';
import { lookAt, postgresAt } from '../support/look-at.ts';
import { describeOnServers, loginRole, type ServerDatabase } from '../support/postgres-servers.ts';
import { query } from '../support/query.ts';

describeOnServers('pg indexes', (open) => {
  let database: ServerDatabase;
  beforeEach(async () => {
    database = await open();
    await query(
      database.dsn,
      `create table call as select i as id, i % 7 as tool, 'x' || i as name from generate_series(1, 2000) i;
       alter table call add primary key (id);
       create index call_tool on call (tool);
       create index call_tool_name on call (tool, name) include (id);
       create index call_tool_desc on call (tool desc);
       create index call_part on call (name) where tool = 3;
       create index call_lower on call (lower(name));
       select pg_stat_force_next_flush()`,
    );
    await query(database.dsn, 'analyze call');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  test.each([{ roles: ['pg_monitor'] }, { roles: [] }])(
    'finds what is covered and what is unused, for a member of $roles',
    async ({ roles }) => {
      const dsn = await loginRole(database.dsn, roles);
      const limits = limitsWith({ 'pg.indexes.size': 8192 });
      const { document, text } = await lookAt(new IndexesLook(postgresAt(dsn)), { limits });
      const found = Object.fromEntries(
        document.needless.map(({ index, fault, coveredBy }) => [index, coveredBy ?? fault]),
      );
      expect(found).toEqual({
        call_tool: 'call_tool_name',
        call_tool_desc: 'unused',
        call_part: 'unused',
        call_lower: 'unused',
      });
      expect(text).toMatch(/call_tool +\d+ KiB +0[\s\S]*? {2}covered by call_tool_name/);
    },
  );

  test('finds a table whose scans use none, and an index whose building failed', async () => {
    await query(database.dsn, "insert into call values (2001, 1, 'x1')");
    await expect(
      query(database.dsn, 'create unique index concurrently call_name on call (name)'),
    ).rejects.toThrow(/could not create unique index/);
    await query(database.dsn, 'select count(name) from call; select pg_stat_force_next_flush()');
    const limits = limitsWith({ 'pg.tables.large': 1000 });
    const { document } = await lookAt(new IndexesLook(postgresAt(database.dsn)), { limits });
    expect(document.missing).toMatchObject([{ table: 'call', liveRows: 2001 }]);
    expect(document.needless).toContainEqual(
      expect.objectContaining({ index: 'call_name', fault: 'invalid' }),
    );
  });
});
