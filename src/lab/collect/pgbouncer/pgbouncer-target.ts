import { Client, DatabaseError } from 'pg';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import { labApplicationName } from '../postgres/lab-sql.ts';
import { openClient } from '../postgres/open-client.ts';
import type { Connection } from '../shared-connection.ts';

const connectTimeoutMs = 5000;
const answerTimeoutMs = 5000;

/** The database by which PgBouncer's admin console is reached; also the name of the console's own pool. */
export const consoleDatabase = 'pgbouncer';

/** What can be asked without changing anything, by all of `stats_users`. */
export type ShowCommand = 'POOLS' | 'STATS' | 'DATABASES' | 'CONFIG' | 'SERVERS' | 'CLIENTS';
/** Columns by name, as text, whatever the version has. */
export type ShowRow = Record<string, string>;

const showRows = z.array(
  z.record(
    z.string(),
    z
      .string()
      .nullable()
      .transform((value) => value ?? ''),
  ),
);

/** Columns have another type in each version. */
const asText = { getTypeParser: () => (value: string) => value };

/** Host and port of a DSN, for people; no user, no password. */
export function pgbouncerTargetName(dsn: string): string {
  return URL.canParse(dsn) ? `pgbouncer ${new URL(dsn).host}` : 'pgbouncer';
}

/** The lab's one connection to the admin console of a PgBouncer, which is asked by simple queries and only to show. */
export class PgbouncerTarget implements Connection {
  readonly #client: Client;
  #lost = false;

  private constructor(client: Client) {
    this.#client = client;
    client.on('end', () => {
      this.#lost = true;
    });
  }

  /** Throws GaugewayError source_unreadable that says what the console wants. */
  static async connect(dsn: string, signal: AbortSignal): Promise<PgbouncerTarget> {
    const config = {
      connectionString: dsn,
      application_name: labApplicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: answerTimeoutMs,
    };
    try {
      return await openClient(config, signal, async (client) => {
        if (client.database !== consoleDatabase) {
          throw new GaugewayError(
            'source_unreadable',
            `PgBouncer: '${client.database ?? ''}' is no admin console, whose database is called ${consoleDatabase}`,
          );
        }
        await client.connect();
        return new PgbouncerTarget(client);
      });
    } catch (error) {
      throw asUnreadable(error);
    }
  }

  get lost(): boolean {
    return this.#lost;
  }

  async show(command: ShowCommand): Promise<ShowRow[]> {
    try {
      return showRows.parse((await this.#client.query({ text: `SHOW ${command}`, types: asText })).rows);
    } catch (error) {
      // What the console answers leaves the connection as it was; after anything else nobody knows where it stands.
      if (!(error instanceof DatabaseError) && !this.#lost) {
        this.#lost = true;
        this.#client.end(() => undefined);
      }
      throw asUnreadable(error);
    }
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}

function asUnreadable(error: unknown): GaugewayError {
  if (error instanceof GaugewayError) return error;
  const message = maskSecrets(messageOf(error));
  const remedy = /not allowed|permission|admin access/i.test(message)
    ? ' (the user must be one of stats_users, or of admin_users)'
    : '';
  return new GaugewayError('source_unreadable', `PgBouncer: ${message}${remedy}`, { cause: error });
}
