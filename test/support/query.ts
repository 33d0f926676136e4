import { Client } from 'pg';

/** Runs one statement on a connection of its own and returns its rows. */
export async function query<Row extends object = Record<string, unknown>>(
  dsn: string,
  sql: string,
): Promise<Row[]> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}
