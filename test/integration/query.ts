import { Client } from 'pg';

/** Runs one statement on a connection of its own. */
export async function query<Row extends object>(dsn: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: dsn });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}
