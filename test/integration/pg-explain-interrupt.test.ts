import { afterAll, beforeAll, expect, test } from 'vitest';
import { gaugeway } from '../support/command-line.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';

const running = `select pid from pg_stat_activity
  where datname = current_database() and state = 'active' and query like 'explain%analyze%generate_series%'`;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test('Ctrl-C ends pg explain at once, and with it what it runs on the server', async () => {
  const { dsn } = database;
  const sql = 'select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b';
  const result = await gaugeway(['pg', 'explain', '--pg', dsn, '--timeout', '25s', '--sql', sql], {
    meanwhile: async (pid) => {
      await expect.poll(() => query(dsn, running), { timeout: 20_000 }).toHaveLength(1);
      process.kill(pid, 'SIGINT');
    },
  });
  expect(result).toMatchObject({ code: 130, stdout: '' });
  expect(await query(dsn, running)).toEqual([]);
});
