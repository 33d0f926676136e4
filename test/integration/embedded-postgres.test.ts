import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { testDatabase } from '../support/postgres.ts';

describe('a database for a test', () => {
  it('is a PostgreSQL 18 that gathers statement and I/O statistics', async () => {
    await using database = await testDatabase();
    const client = new Client({ connectionString: database.dsn });
    await client.connect();
    try {
      const { rows } = await client.query<{ version: string; timing: string; extensions: number }>(
        `SELECT current_setting('server_version') AS version, current_setting('track_io_timing') AS timing,
                (SELECT count(*)::int FROM pg_extension WHERE extname = 'pg_stat_statements') AS extensions`,
      );
      expect(rows).toEqual([{ version: expect.stringMatching(/^18\./), timing: 'on', extensions: 1 }]);
    } finally {
      await client.end();
    }
  });

  it('is gone when it is disposed of, connections included', async () => {
    const database = await testDatabase();
    const client = new Client({ connectionString: database.dsn });
    const ended = new Promise<Error>((resolve) => client.on('error', resolve));
    await client.connect();
    await database[Symbol.asyncDispose]();
    expect((await ended).message).toMatch(/terminating connection/);
    const late = new Client({ connectionString: database.dsn });
    await expect(late.connect()).rejects.toThrow(/does not exist/);
  });
});
