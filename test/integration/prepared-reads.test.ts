import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { labMark, type SampleQuery } from '../../src/lab/collect/postgres/lab-sql.ts';
import { PostgresTarget } from '../../src/lab/collect/postgres/postgres-target.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';

const prepared = {
  sql: `select ${labMark} count(*)::int as "count" from pg_prepared_statements where name like 'gaugeway_lab_%'`,
  rows: z.tuple([z.object({ count: z.number() })]),
} satisfies SampleQuery<unknown>;
const things = {
  sql: `select ${labMark} * from things order by 1`,
  rows: z.array(z.record(z.string(), z.unknown())),
} satisfies SampleQuery<unknown>;

describe('a read that is repeated', () => {
  let database: TestDatabase;
  let postgres: PostgresTarget;

  beforeAll(async () => {
    database = await testDatabase();
    await query(database.dsn, 'create table things (id int); insert into things values (1), (2)');
    postgres = await PostgresTarget.connect(database.dsn, AbortSignal.timeout(10_000));
  });
  afterAll(async () => {
    await postgres.close();
    await database[Symbol.asyncDispose]();
  });

  test('is planned once, and says the same', async () => {
    const counts: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const answers = await postgres.read(things, prepared);
      expect(answers.of(things)).toEqual([{ id: 1 }, { id: 2 }]);
      counts.push(answers.of(prepared)[0].count);
    }
    const [first, second, ...later] = counts;
    expect(first).toBe(0);
    expect(second).toBeGreaterThan(0);
    expect(later).toEqual([second, second]);
  });

  test('is prepared anew when its columns have changed', async () => {
    await query(database.dsn, 'alter table things add column name text');
    await expect(postgres.read(things)).rejects.toThrow(/cached plan must not change result type/);
    expect((await postgres.read(things)).of(things)).toEqual([
      { id: 1, name: null },
      { id: 2, name: null },
    ]);
    expect(postgres.lost).toBe(false);
  });
});
