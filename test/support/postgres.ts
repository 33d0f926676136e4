import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';
import { z } from 'zod';
import { query } from './query.ts';

/** A database of its own on the run's real PostgreSQL 18; disposing drops it, whoever is still connected. */
export interface TestDatabase extends AsyncDisposable {
  /** For a superuser. */
  readonly dsn: string;
}

const brokerAnswer = z.union([z.object({ dsn: z.string() }), z.object({ error: z.string() })]);
let serverDsn: Promise<string> | undefined;

/**
 * Makes an empty database with the extension pg_stat_statements in it: `await using database = await
 * testDatabase()`, or in `beforeAll`, disposed in `afterAll`.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const admin = await (serverDsn ??= askForServer());
  const name = `test_${randomBytes(6).toString('hex')}`;
  const dsn = new URL(admin);
  dsn.pathname = `/${name}`;
  await query(admin, `CREATE DATABASE ${name}`);
  await query(dsn.href, 'CREATE EXTENSION pg_stat_statements');
  return {
    dsn: dsn.href,
    async [Symbol.asyncDispose]() {
      await query(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function askForServer(): Promise<string> {
  const answer = brokerAnswer.parse(
    JSON.parse(await text(connect(inject('postgresBrokerPort'), '127.0.0.1'))),
  );
  if ('error' in answer) throw new Error(`no PostgreSQL for the tests: ${answer.error}`);
  return answer.dsn;
}
