import { Client } from 'pg';

/** Runs one statement on a connection of its own and returns its rows. */
export async function query(dsn: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(sql);
    return result.rows;
  } finally {
    await client.end();
  }
}
