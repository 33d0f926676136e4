import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseStatement } from '../../src/lab/collect/postgres/parse-statement.ts';
import { PostgresTarget } from '../../src/lab/collect/postgres/postgres-target.ts';
import { whyUntrusted } from '../../src/lab/collect/postgres/reached-code.ts';
import { SharedConnection } from '../../src/lab/collect/shared-connection.ts';
import { limitsWith } from '../../src/lab/look/limits.ts';
import { type ExplainAsked, type ExplainDocument, ExplainLook } from '../../src/lab/look/pg/explain.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What acts writes a file, which a read-only transaction does not prevent, once a superuser runs it. */
const objects = (folder: string): string => `
  create function act() returns int language plpgsql volatile as $$ begin
    if current_setting('is_superuser') = 'on' then copy (select 1) to '${folder}/acted'; end if; return 1; end $$;
  create function report() returns int language plpgsql stable as 'begin return act(); end';
  create function act_on(int, int) returns int language plpgsql volatile as 'begin return act(); end';
  create operator @@@ (leftarg = int, rightarg = int, function = act_on);
  create aggregate acting (int) (sfunc = act_on, stype = int, initcond = '0');
  create view limited as select 1 as one from generate_series(1, 3) limit act();
  create view below as select * from limited;
  create domain checked as text check (act() = 1);
  create table item (id int, name text);
  create table holding (id int, word checked);
  insert into item values (1, 'one');
  create function told(item) returns int language plpgsql volatile as 'begin return act(); end';
  create type pair as (a int, b int);
  create function paired(text) returns pair language plpgsql volatile as 'begin perform act(); return null; end';
  create cast (text as pair) with function paired(text);
  create table guarded (id int); alter table guarded enable row level security;
  create policy acts on guarded using (act() = 1);
  create view numbered as select random() as number;
  create view plain as select id, count(*) as many from item where name like 'o%' group by id;
  create foreign data wrapper elsewhere; create server far foreign data wrapper elsewhere;
  create foreign table distant (id int) server far;`;

const never = new AbortController().signal;

async function explain(dsn: string, asked: ExplainAsked, runWrites = false): Promise<ExplainDocument> {
  const shared = new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
  const look = new ExplainLook(shared, asked, { timeoutMs: 10_000, runWrites });
  try {
    return look.judge(await look.read(never), undefined, limitsWith({}));
  } finally {
    await look.close();
  }
}

describe('what pg explain does not run', () => {
  let database: TestDatabase;
  let dsn: string;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let alice: string;
  let monitor: string;

  beforeAll(async () => {
    database = await testDatabase();
    ({ dsn } = database);
    folder = await temporaryFolder();
    // The server may run as another account.
    await chmod(folder.path, 0o777);
    await query(dsn, objects(folder.path));
    const suffix = new URL(dsn).pathname.slice(1);
    alice = await roleOf(dsn, `alice_${suffix}`, 'pg_read_all_data');
    monitor = await roleOf(dsn, `monitor_${suffix}`, 'pg_read_all_data, pg_monitor');
  });
  afterEach(async () => {
    expect(await readdir(folder.path)).toEqual([]);
  });
  afterAll(async () => {
    await query(dsn, `drop role ${new URL(alice).username}, ${new URL(monitor).username}`);
    await database[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test.each([
    ['a stable function', 'select report()', 'it uses public.report()'],
    ['a function in an expression', 'select id from item where id + act() > 0', 'it uses public.act()'],
    ['a call written as a column', 'select item.told from item', 'it uses public.told()'],
    ['an operator', 'select id @@@ 2 from item', 'it uses the operator @@@(integer,integer) with act_on()'],
    ['an aggregate', 'select acting(id) from item', 'it uses public.acting()'],
    ["a view's LIMIT", 'select * from limited', 'it uses public.act()'],
    ['a view below a view', 'select * from below', 'it uses public.act()'],
    ['the check of a domain', "select 'x'::checked", 'it uses public.act()'],
    ["the check of a column's domain", "select coalesce(word, 'x') from holding", 'it uses public.act()'],
    ['a cast', 'select name::pair from item', 'it uses the cast from text to pair'],
    ['a policy', 'select * from guarded', 'it uses public.act()'],
    ['a quoted schema', 'select "public"."act"()', 'it uses public.act()'],
    ['a volatile function of PostgreSQL', 'select * from numbered', 'it calls random, which may'],
    ['a query in a value', "select table_to_xml('limited', true, false, '')", 'it calls table_to_xml'],
    ['an input function', "select domain_in('x', 'checked'::regtype, -1)", 'it calls domain_in'],
  ])('%s', async (_what, sql, why) => {
    const [statement] = (await explain(dsn, { sql })).statements;
    expect(statement).toMatchObject({ mode: 'generic', whyPlanned: expect.stringContaining(why) });
  });

  test('though each of them would act', async () => {
    await query(dsn, 'select report()');
    expect(await readdir(folder.path)).toEqual(['acted']);
    await rm(join(folder.path, 'acted'));
  });

  test('a foreign table', async () => {
    const postgres = await PostgresTarget.connect(dsn, never);
    const { named } = await parseStatement('select * from distant');
    expect(await postgres.inReadOnlyTransaction((send) => whyUntrusted(send, named))).toBe(
      'it reads the foreign table distant',
    );
    await postgres.close();
  });

  test('what PostgreSQL itself offers is run', async () => {
    const sql = `select p.id, now(), coalesce(max(many), 0)::text from plain p join item using (id)
      where name = 'one' and p.id in (1, 2) and exists (select from item tablesample bernoulli (50)) group by p.id order by 1`;
    expect((await explain(dsn, { sql })).statements[0]).toMatchObject({ mode: 'analyze', whyPlanned: null });
  });

  describe('of the statements of other roles', () => {
    beforeAll(async () => {
      await query(alice, 'select report()');
      await query(alice, 'select count(name) from item');
      await query(dsn, 'select count(id) from item');
    });

    test.each([false, true])(
      'a superuser runs none, and plans none with their functions (writes: %s)',
      async (writes) => {
        const { statements, notes } = await explain(dsn, { top: 50 }, writes);
        expect(notes.join('\n')).toMatch(
          /report\(\).*not even planned.*it uses public\.report\(\).*superuser/,
        );
        expect(statements.find(({ sql }) => sql === 'select count(name) from item')).toMatchObject({
          mode: 'generic',
          whyPlanned: 'other roles sent it, and our role is a superuser',
        });
        expect(statements.find(({ sql }) => sql === 'select count(id) from item')?.mode).toBe('analyze');
      },
    );

    test.each(['pg_execute_server_program', 'pg_write_server_files', 'pg_write_all_data'])(
      'a member of %s runs none either',
      async (power) => {
        const role = new URL(monitor).username;
        await query(dsn, `grant ${power} to ${role}`);
        const { statements } = await explain(monitor, { top: 50 });
        await query(dsn, `revoke ${power} from ${role}`);
        expect(statements.find(({ sql }) => sql === 'select count(name) from item')?.whyPlanned).toBe(
          `other roles sent it, and our role has ${power}`,
        );
      },
    );

    test('a role that only monitors runs those that call nothing of others', async () => {
      const { statements, notes } = await explain(monitor, { top: 50 });
      expect(notes.join('\n')).toMatch(/insert into item .*permission denied for table item/);
      const taken = (text: string): unknown => statements.find(({ sql }) => sql === text)?.mode;
      expect(taken('select count(name) from item')).toBe('analyze');
      expect(taken('select report()')).toBe('generic');
    });
  });
});

async function roleOf(dsn: string, name: string, groups: string): Promise<string> {
  await query(dsn, `create role ${name} login password 'x' in role ${groups}`);
  const own = new URL(dsn);
  own.username = name;
  own.password = 'x';
  return own.href;
}
