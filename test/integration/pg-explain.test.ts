import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresTarget } from '../../src/lab/collect/postgres/postgres-target.ts';
import { SharedConnection } from '../../src/lab/collect/shared-connection.ts';
import { limitsWith } from '../../src/lab/look/limits.ts';
import {
  type ExplainAsked,
  type ExplainDocument,
  type ExplainedStatement,
  ExplainLook,
} from '../../src/lab/look/pg/explain.ts';
import { gaugeway } from '../support/command-line.ts';
import { type ExternalPostgres, startExternalPostgres } from '../support/external-postgres.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { type Requirement, title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The guide's table: 200,000 calls of the last week, of which every statement wants a few or all. */
const toolMetrics = `
  create table tool (id text primary key, name text);
  insert into tool select 'tool-' || i, 'name ' || i from generate_series(1, 500) i;
  create table tool_metrics (id serial primary key, tool_id text, timestamp timestamptz, response_time float);
  insert into tool_metrics (tool_id, timestamp, response_time)
    select 'tool-' || i % 500, now() - i * interval '2 seconds', i % 97 from generate_series(1, 200000) i;
  analyze tool, tool_metrics`;
const guideQuery = `SELECT COUNT(*), AVG(response_time)
  FROM tool_metrics
  WHERE timestamp >= NOW() - INTERVAL '7 days'`;
const byTool = "SELECT * FROM tool_metrics WHERE tool_id = 'tool-7'";

const never = new AbortController().signal;

async function explain(
  dsn: string,
  asked: ExplainAsked,
  options: { timeoutMs?: number; runWrites?: boolean } = {},
): Promise<ExplainDocument> {
  const shared = new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
  const look = new ExplainLook(shared, asked, { timeoutMs: 10_000, runWrites: false, ...options });
  try {
    return look.judge(await look.read(never), undefined, limitsWith({}));
  } finally {
    await look.close();
  }
}

async function one(
  dsn: string,
  sql: string,
  options: { timeoutMs?: number; runWrites?: boolean } = {},
): Promise<ExplainedStatement> {
  const [statement] = (await explain(dsn, { sql }, options)).statements;
  if (statement === undefined) throw new Error('no statement was explained');
  return statement;
}

describe('gaugeway pg explain on PostgreSQL 18, without hypopg', () => {
  let database: TestDatabase;
  let dsn: string;
  beforeAll(async () => {
    database = await testDatabase();
    dsn = database.dsn;
    await query(dsn, toolMetrics);
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test("says of the guide's query that its filter keeps everything and an index would not help", async () => {
    const { stdout, code } = await gaugeway(['pg', 'explain', '--pg', dsn, '--sql', guideQuery]);
    const said = stdout.replaceAll(/\s+/g, ' ');
    expect(said).toMatch(/Seq Scan on tool_metrics/);
    expect(said).toContain(
      'the filter (Rows Removed by Filter: 0) keeps all 200,000 rows: it does not select, and an index would not help',
    );
    expect(said).not.toContain('CREATE INDEX');
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('names the index that a selective filter lacks, and fails a check', async () => {
    const { stdout, code } = await gaugeway(['pg', 'explain', '--pg', dsn, '--check', '--sql', byTool]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'CREATE INDEX ON public.tool_metrics (tool_id); unchecked (hypopg is not installed)',
    );
    expect(code).toBe(1);
  });

  test('gives each node its own time, rows and blocks, which add up to those of the whole', async () => {
    const { reading, mode } = await one(dsn, guideQuery);
    expect(mode).toBe('analyze');
    const all = [reading.root];
    for (const node of all) all.push(...node.children);
    const scan = all.find(({ type }) => type === 'Seq Scan');
    expect(scan?.actual?.rows).toBeCloseTo(200_000, 0);
    const { buffers } = reading.summary;
    const blocks = all.reduce((sum, node) => sum + (node.buffers?.hit ?? 0) + (node.buffers?.read ?? 0), 0);
    expect(blocks).toBe((buffers?.hit ?? 0) + (buffers?.read ?? 0));
    const selfMs = all.reduce((sum, { actual }) => sum + (actual?.selfMs ?? 0), 0);
    expect(selfMs / (reading.root.actual?.timeMs ?? 1)).toBeCloseTo(1, 1);
  });

  test('keeps constants out of all that it prints', async () => {
    const sql = "select * from tool_metrics where tool_id = 'alice@example.org'";
    const { stdout } = await gaugeway(['pg', 'explain', '--pg', dsn, '--json', '--sql', sql]);
    expect(stdout).toContain("tool_id = '***'");
    expect(stdout).not.toContain('alice');
  });

  test('plans what writes, and runs and undoes it only when told to', async () => {
    const count = async (): Promise<unknown> =>
      (await query(dsn, 'select count(*)::int as rows from tool_metrics'))[0]?.['rows'];
    const sql = "delete from tool_metrics where tool_id = 'tool-9'";
    expect(await one(dsn, sql)).toMatchObject({ mode: 'generic', whyPlanned: 'it writes or locks rows' });
    expect(await one(dsn, sql, { runWrites: true })).toMatchObject({ mode: 'analyze', undone: true });
    expect(await count()).toBe(200_000);
  });

  test('runs nothing that a function may do behind a view', async () => {
    await query(dsn, "create sequence counter; create view numbered as select nextval('counter') as number");
    expect(await one(dsn, 'select * from numbered')).toMatchObject({
      mode: 'generic',
      whyPlanned: 'it calls nextval, which may do more than read (volatile)',
    });
    expect(await query(dsn, 'select is_called from counter')).toEqual([{ is_called: false }]);
  });

  test('plans a statement that does not end in its time', async () => {
    const sql = 'select count(*) from tool_metrics a, tool_metrics b, tool_metrics c';
    expect(await one(dsn, sql, { timeoutMs: 500 })).toMatchObject({
      mode: 'generic',
      whyPlanned: 'it did not end within 0.5 s',
    });
  });

  test('explains the statements of pg_stat_statements that took most time, without our own', async () => {
    await query(dsn, byTool);
    await explain(dsn, { sql: byTool });
    const { statements } = await explain(dsn, { top: 50 });
    expect(statements.map(({ sql }) => sql.toLowerCase())).toContain(
      'select * from tool_metrics where tool_id = $1',
    );
    expect(statements.filter(({ sql }) => /gaugeway|hypopg|provolatile|savepoint/.test(sql))).toEqual([]);
    expect(statements.every(({ calls }) => calls > 0)).toBe(true);
  });

  test('takes a long statement whole', async () => {
    const columns = Array.from({ length: 200 }, (_, at) => `tool_id as tool_number_${at}`).join(', ');
    const long = `select ${columns} from tool_metrics where response_time = -1`;
    expect(long.length).toBeGreaterThan(4000);
    await query(dsn, long);
    const { statements } = await explain(dsn, { top: 50 });
    const found = statements.find(({ sql }) => sql.includes('tool_number_199'));
    expect(found?.sql).toMatch(/where response_time = \S+$/);
  });

  test('reads the statement from a file', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'query.sql');
    await writeFile(file, `-- the calls of one tool\n${byTool};\n`);
    const { stdout } = await gaugeway(['pg', 'explain', '--pg', dsn, '--json', '--file', file]);
    const document: ExplainDocument = JSON.parse(stdout);
    expect(document.statements[0]?.mode).toBe('analyze');
  });

  test.each([
    ['select 1; select 2', 'one statement can be explained at a time, not 2'],
    ['selec 1', 'not a statement of PostgreSQL: syntax error at or near "selec" at character 1'],
    ['vacuum', 'have plans, not Vacuum'],
    ['explain select 1', 'give the statement without EXPLAIN'],
    ['select * from missing', 'PostgreSQL refuses it: relation "missing" does not exist'],
    ['-- nothing', 'there is no SQL statement to explain'],
  ])('refuses %j with a line that says why', async (sql, message) => {
    await expect(explain(dsn, { sql })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
  });

  test('says how a statement is named', async () => {
    const { code, stderr } = await gaugeway(['pg', 'explain', '--pg', dsn]);
    expect(code).toBe(2);
    expect(stderr).toContain('say what to explain with one of --sql, --file and --top');
  });
});

/** Debian puts the extension beside the server of its version. */
const [hypopgVersion] = globSync('/usr/share/postgresql/*/extension/hypopg.control').map(
  (file) => /\/postgresql\/(\d+)\//.exec(file)?.[1],
);
const hypopg: Requirement =
  hypopgVersion === undefined
    ? { missing: 'hypopg is not installed' }
    : { path: `/usr/lib/postgresql/${hypopgVersion}/bin/postgres` };

describe.skipIf(hypopg.missing)(title("on the system's PostgreSQL, with hypopg", hypopg), () => {
  let postgres: ExternalPostgres;
  let dsn: string;
  beforeAll(async () => {
    postgres = await startExternalPostgres(hypopg.path ?? '');
    dsn = await postgres.createDatabase();
    await query(dsn, `create extension hypopg; ${toolMetrics}`);
  });
  afterAll(() => postgres[Symbol.asyncDispose]());

  test('an index is advised after the planner has used it, and none is left behind', async () => {
    const { indexAdvice } = await one(dsn, byTool);
    expect(indexAdvice).toMatchObject([
      { ddl: 'CREATE INDEX ON public.tool_metrics (tool_id)', verdict: 'helps', columns: ['tool_id'] },
    ]);
    const [{ cost, sizeBytes } = { cost: null, sizeBytes: null }] = indexAdvice ?? [];
    expect(cost?.after).toBeLessThan((cost?.before ?? 0) / 2);
    expect(sizeBytes).toBeGreaterThan(100_000);
    expect(await query(dsn, "select indexname from pg_indexes where tablename = 'tool_metrics'")).toEqual([
      { indexname: 'tool_metrics_pkey' },
    ]);
  });

  test('an index that the planner would not use is not advised', async () => {
    const { indexAdvice } = await one(dsn, 'select * from tool_metrics where response_time < 60');
    expect(indexAdvice?.map(({ verdict }) => verdict)).toEqual(['no-gain']);
  });

  test('a join is helped by an index on the large side', async () => {
    const sql = "select m.* from tool_metrics m join tool t on t.id = m.tool_id where t.name = 'name 7'";
    const { indexAdvice } = await one(dsn, sql);
    expect(indexAdvice?.filter(({ verdict }) => verdict === 'helps')).toMatchObject([
      { table: 'tool_metrics', columns: ['tool_id'] },
    ]);
  });

  test('the guide query is told the same, and gets no advice', async () => {
    const { reading, indexAdvice } = await one(dsn, guideQuery);
    expect(reading.remarks[0]).toMatchObject({ check: 'sequential-scan', label: 'filter keeps everything' });
    expect(indexAdvice).toEqual([]);
  });

  test('a statement with parameters is planned for any value, and nothing stays prepared', async () => {
    const statement = await one(dsn, 'select * from tool_metrics where tool_id = $1');
    expect(statement).toMatchObject({
      mode: 'generic',
      whyPlanned: 'it has parameters whose values are not known',
      indexAdvice: [{ verdict: 'helps' }],
    });
    expect(statement.reading.root.conditions[0]?.text).toContain('= $1');
    expect(statement.summary?.settings).toEqual({});
  });
});
