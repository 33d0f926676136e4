import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCollectors } from '../../src/lab/collect/index.ts';
import type { PlanDocument } from '../../src/lab/timeline/events.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { type TestDatabase, testDatabase } from '../support/postgres.ts';
import { RecordingSink } from './recording-sink.ts';

const never = new AbortController().signal;
let database: TestDatabase;
let app: Client;

beforeEach(async () => {
  database = await testDatabase();
  app = new Client({ connectionString: database.dsn, application_name: 'app' });
  await app.connect();
  await app.query(`create table call (id int primary key, tool text, at int);
    insert into call select i, 'tool ' || (i % 100), i from generate_series(1, 20000) i;
    analyze call;
    create function bump() returns bigint language sql volatile as 'select count(*) from call'`);
});
afterEach(async () => {
  await app.end();
  await database[Symbol.asyncDispose]();
});

describe('plans of what the load made the database do', () => {
  test('a filter that keeps nearly nothing is told from one that keeps all', async () => {
    const plans = await plansAfter(async (run) => {
      await run("select count(*) as selective from call where tool = 'tool 7'");
      await run('select count(*) as everything from call where at > 0');
    });
    expect(scanOf(plans, 'selective')).toEqual({
      schema: 'public',
      table: 'call',
      liveRows: 20000,
      keptShare: 0.01,
    });
    expect(scanOf(plans, 'everything')).toEqual({
      schema: 'public',
      table: 'call',
      liveRows: 20000,
      keptShare: 1,
    });
    expect(plans.every(({ mode }) => mode === 'analyze')).toBe(true);
  });

  test('an index leaves no sequential scan', async () => {
    const plans = await plansAfter(async (run) => {
      await run('select at as by_key from call where id = 17');
    });
    expect(planOf(plans, 'by_key').sequentialScans).toEqual([]);
  });

  test('statements with parameters are only planned', async () => {
    const plans = await plansAfter(async (run) => {
      await run('select count(*) as by_tool from call where tool = $1', ['tool 7']);
    });
    const plan = planOf(plans, 'by_tool');
    expect(plan).toMatchObject({ mode: 'generic', calls: 1 });
    expect(plan.sequentialScans[0]?.keptShare).toBeCloseTo(0.01, 2);
    expect(plan.plan).not.toHaveProperty('Actual Rows');
  });

  test('constants stay out of the bundle', async () => {
    const plans = await plansAfter(async (run) => {
      await run("select count(*) as masked from call where tool = 'alice@example.org'");
    });
    expect(planOf(plans, 'masked').sql).toContain("tool = '***'");
    expect(JSON.stringify(plans)).not.toContain('alice');
  });

  test('what writes, locks or calls a volatile function is never run', async () => {
    await app.query('create sequence counter');
    const plans = await plansAfter(async (run) => {
      await run("with gone as (delete from call where id = 1 returning id) select 'x' as written from gone");
      await run("select nextval('counter') as numbered from call where id = 2");
      await run('select bump() as called from call where id = 3');
      await run('select at as locked from call where id = 4 for update');
    });
    expect(plans.filter(({ mode }) => mode === 'analyze').map(({ sql }) => sql)).toEqual([]);
    expect(planOf(plans, 'numbered').mode).toBe('generic');
    const { rows } = await app.query(
      'select last_value::int as value, (select count(*)::int from call) as calls from counter',
    );
    expect(rows).toEqual([{ value: 1, calls: 19_999 }]);
  });

  test('of others, which a superuser must not run, are only planned, or not even that', async () => {
    const sink = new RecordingSink();
    const role = `other_${new URL(database.dsn).pathname.slice(1)}`;
    await app.query(`create role ${role} in role pg_read_all_data; set session authorization ${role}`);
    try {
      await watch(sink, database.dsn, async (run) => {
        await run("select count(*) as counted from call where tool = 'tool 7'");
        await run('select bump() as bumped');
      });
    } finally {
      await app.query(`reset session authorization; drop role ${role}`);
    }
    expect(planOf(sink.plans, 'counted').mode).toBe('generic');
    expect(sink.plans.filter(({ sql }) => sql.includes('bumped'))).toEqual([]);
    expect(sink.gaps.map(({ error }) => error)).toContainEqual(
      expect.stringMatching(/bumped.*not even planned.*it uses public\.bump\(\).*our role is a superuser/),
    );
  });

  test('are taken for what was seen running where pg_stat_statements is missing', async () => {
    await app.query('drop extension pg_stat_statements');
    const plans = await plansAfter(async (run) => {
      await run("select count(*) as seen from call where tool = 'tool 7'");
    });
    expect(planOf(plans, 'seen')).toMatchObject({ mode: 'analyze', calls: 0 });
    expect(scanOf(plans, 'seen')?.keptShare).toBe(0.01);
  });

  test('that a role may not have are a gap that names what it needs', async () => {
    const role = `planner_${new URL(database.dsn).pathname.slice(1)}`;
    await app.query(`create role ${role} login password 'x' in role pg_monitor`);
    const dsn = new URL(database.dsn);
    dsn.username = role;
    dsn.password = 'x';
    const sink = new RecordingSink();
    try {
      await watch(sink, dsn.href, async (run) => {
        await run("select count(*) as hidden from call where tool = 'tool 7'");
      });
    } finally {
      await app.query(`drop role ${role}`);
    }
    expect(sink.plans).toEqual([]);
    expect(sink.gaps.map(({ error }) => error)).toContainEqual(
      expect.stringMatching(/hidden.*pg_read_all_data/),
    );
  });
});

type Run = (sql: string, values?: unknown[]) => Promise<void>;

async function plansAfter(load: (run: Run) => Promise<void>): Promise<PlanDocument[]> {
  const sink = new RecordingSink();
  await watch(sink, database.dsn, load);
  expect(sink.gaps).toEqual([]);
  return sink.plans;
}

/** A sample is taken after each statement of the load, so that each is seen. */
async function watch(sink: RecordingSink, dsn: string, load: (run: Run) => Promise<void>): Promise<void> {
  const stack = {
    name: 'test',
    embedded: false,
    gatewayUrl: 'http://127.0.0.1:9',
    processes: [],
    containers: [],
    logs: [],
    postgresDsn: dsn,
  };
  const collectors = createCollectors(stack, { logger: createLogger('silent') });
  const postgres = collectors.find(({ source }) => source === 'postgres');
  if (!postgres) throw new Error('a DSN gives a collector');
  try {
    await postgres.open(never);
    await postgres.enterPhase?.('ramp', sink);
    await load(async (sql, values) => {
      await app.query(sql, values);
      await postgres.sample?.(sink);
    });
    await postgres.finish?.(sink);
  } finally {
    for (const collector of collectors) await collector.close();
  }
}

function planOf(plans: PlanDocument[], name: string): PlanDocument {
  const plan = plans.find(({ sql }) => sql.includes(name));
  if (!plan) throw new Error(`no plan of ${name} among ${plans.map(({ sql }) => sql).join(' | ')}`);
  return plan;
}

function scanOf(plans: PlanDocument[], name: string): PlanDocument['sequentialScans'][number] | undefined {
  return planOf(plans, name).sequentialScans[0];
}
