import { Client, type ClientConfig } from 'pg';
import { GaugewayError } from '../../../shared/errors.ts';

/**
 * Gives `begin` a client of PostgreSQL's protocol that is not connected yet, and ends it when `begin` fails. Throws what
 * broke the connection, where that is known, or else what `begin` threw; GaugewayError interrupted after an abort.
 */
export async function openClient<T>(
  config: ClientConfig,
  signal: AbortSignal,
  begin: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...config, keepAlive: true });
  let failure: unknown;
  // Between queries, a broken connection is told by this event alone; `end` follows it.
  client.on('error', (error) => {
    failure = error;
  });
  try {
    if (signal.aborted) throw new GaugewayError('interrupted', 'connecting was interrupted');
    return await begin(client);
  } catch (error) {
    await client.end();
    throw failure ?? error;
  }
}
