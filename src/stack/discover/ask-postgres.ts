import { Client } from 'pg';
import { z } from 'zod';
import { outsideMessage } from '../../shared/outside-error.ts';
import { maskSecrets } from '../../shared/mask-secrets.ts';
import { labUserAgent } from '../../shared/lab-agent.ts';

const boundMs = 2000;

/** How a server answered one attempt to connect. */
export type PostgresAnswer = { version: string; database: string; databases: string[] } | { refused: string };

const rows = z.array(z.object({ version: z.string(), database: z.string(), databases: z.array(z.string()) }));

/**
 * Connects once, within two seconds, and asks for the version and the databases that may be used, the largest first. A
 * password that the DSN does not have is taken from PGPASSWORD or the password file, as every client of PostgreSQL does,
 * unless `bare` says that this server must not have it.
 */
export async function askPostgres(dsn: string, bare = false): Promise<PostgresAnswer> {
  try {
    const [answer] = rows.parse(
      await queryOnce(
        dsn,
        `select /* ${labUserAgent} */ current_setting('server_version') as version, current_database() as database,
           array(select datname::text from pg_database
             where datallowconn and not datistemplate and has_database_privilege(oid, 'connect')
             order by datname = 'postgres', pg_database_size(oid) desc limit 20) as databases`,
        bare,
      ),
    );
    return answer ?? { refused: 'it gave no answer' };
  } catch (error) {
    return { refused: refusal(error) };
  }
}

const versions = z.array(z.object({ version: z.string() }));

/** Asks an admin console of PgBouncer for its version; says why it does not tell it. */
export async function askPgBouncer(
  dsn: string,
  bare = false,
): Promise<{ version: string } | { refused: string }> {
  try {
    const [answer] = versions.parse(await queryOnce(dsn, 'SHOW VERSION', bare));
    return { version: answer?.version ?? 'PgBouncer' };
  } catch (error) {
    return { refused: refusal(error) };
  }
}

function refusal(error: unknown): string {
  const message = outsideMessage(error);
  // What the driver says when a server asks for a password and there is none.
  if (/client password must be a (non-empty )?string/.test(message)) return 'it asks for a password';
  return maskSecrets(message) || 'it gave no answer';
}

async function queryOnce(dsn: string, text: string, bare: boolean): Promise<unknown> {
  const client = new Client({
    connectionString: dsn,
    connectionTimeoutMillis: boundMs,
    query_timeout: boundMs,
  });
  // A password that is there, though empty, keeps the driver from looking for another one.
  if (bare) client.password = '';
  // The promises tell of every failure; a broken connection is told by this event, too, which must not go unheard.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
