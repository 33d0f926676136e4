import { Client, DatabaseError } from 'pg';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import type { Connection } from '../shared-connection.ts';
import { labApplicationName, labMark, type SampleQuery } from './lab-sql.ts';
import { openClient } from './open-client.ts';
import { PreparedReads } from './prepared-reads.ts';

const connectTimeoutMs = 5000;
/** Above the server's own limits, for a network that swallows answers. */
const answerSlackMs = 3000;
const answerTimeoutMs = 5000 + answerSlackMs;
const oldestServer = 140_000;

/**
 * Limits of every read, given with it: behind PgBouncer in transaction mode a setting of the session would stay
 * with a server connection that others use next.
 */
const limits = (timeoutMs: number, access: 'read only' | 'read write' = 'read only'): string[] => [
  `set ${labMark} transaction ${access}`,
  `set ${labMark} local statement_timeout = ${timeoutMs}`,
  `set ${labMark} local lock_timeout = '200ms'`,
];

/**
 * Last in every read: the time since the server began with it. Both clocks are the server's, and the transaction began
 * with the message.
 */
const serverTime = {
  sql: `select ${labMark} (extract(epoch from clock_timestamp() - transaction_timestamp()) * 1000)::float8 as "serverMs"`,
  rows: z.tuple([z.object({ serverMs: z.number() })]),
} satisfies SampleQuery<unknown>;

/** Sends one statement of a transaction; with `values` as an unnamed one, in which PostgreSQL accepts no second. */
export type Send = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

const results = z.array(z.object({ rows: z.array(z.record(z.string(), z.unknown())) }));

/** Host, port and database of a DSN, for people; no user, no password. */
export function postgresTargetName(dsn: string): string {
  if (!URL.canParse(dsn)) return 'postgres';
  const { host, pathname } = new URL(dsn);
  return `postgres ${host}${pathname}`;
}

/** The lab's one connection to a PostgreSQL 14 to 18. It reads, in transactions that are read-only and bounded in time. */
export class PostgresTarget implements Connection {
  readonly #client: Client;
  readonly #dsn: string;
  readonly serverVersion: number;
  /** Whether this is a session of the server, and none that a pooler lends for a transaction. */
  readonly direct: boolean;
  readonly #prepared = new PreparedReads();
  #lost = false;
  #stopped = false;
  /** The server's process that has our transaction; a pooler gives each one another. */
  #busyPid: number | undefined;
  #transactions = 0;
  /** A connection does one thing at a time: a transaction of one collector never sees statements of another. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(client: Client, dsn: string, serverVersion: number, direct: boolean) {
    this.#client = client;
    this.#dsn = dsn;
    this.serverVersion = serverVersion;
    this.direct = direct;
    client.on('end', () => {
      this.#lost = true;
    });
  }

  static async connect(dsn: string, signal: AbortSignal): Promise<PostgresTarget> {
    const config = {
      connectionString: dsn,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: answerTimeoutMs,
    };
    try {
      return await openClient(config, signal, async (client) => {
        await client.connect();
        const { rows } = await client.query(
          `select ${labMark} current_setting('server_version_num')::int as version, pg_backend_pid() as pid`,
        );
        const [{ version, pid }] = z.tuple([z.object({ version: z.number(), pid: z.number() })]).parse(rows);
        if (version < oldestServer) {
          throw new GaugewayError('usage', `PostgreSQL 14 or newer is needed, this is version ${version}`);
        }
        // A pooler, which hands out process ids of its own, would leave the name on a server connection, where it is
        // taken for that of the next client who has none.
        const direct = 'processID' in client && client.processID === pid;
        if (direct) {
          await client.query(`set ${labMark} application_name = '${labApplicationName}'`);
        }
        return new PostgresTarget(client, dsn, version, direct);
      });
    } catch (error) {
      throw asUnreadable(error);
    }
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Transactions that this connection has ended since it was made: one for each read. */
  get transactions(): number {
    return this.#transactions;
  }

  /**
   * Runs statements in one round trip and one transaction. In a session of its own, what is read again is prepared;
   * behind a pooler nothing is.
   */
  async read(...queries: SampleQuery<unknown>[]): Promise<Answers> {
    const all = [...queries, serverTime];
    return this.#inTurn(async () => {
      const sent = all.map(({ sql }) => (this.direct ? this.#prepared.prepare(sql) : { first: [], sql }));
      const before = [...limits(2000), ...sent.flatMap(({ first }) => first)];
      const text = [...before, ...sent.map(({ sql }) => sql)].join(';\n');
      try {
        const answers = results.parse(await this.#client.query(text)).slice(before.length);
        return new Answers(new Map(all.map((query, at) => [query, answers[at]?.rows])));
      } catch (error) {
        this.#prepared.forget();
        throw error;
      }
    });
  }

  /** Runs `act` in a read-only transaction that is rolled back, whose statements may take up to `timeoutMs` each. */
  async inReadOnlyTransaction<T>(act: (send: Send) => Promise<T>, timeoutMs = 5000): Promise<T> {
    return this.#inTransaction(limits(timeoutMs), timeoutMs, act);
  }

  /** As {@link inReadOnlyTransaction}, for statements that write: what they did is undone, but for sequences. */
  async inUndoneTransaction<T>(act: (send: Send) => Promise<T>, timeoutMs: number): Promise<T> {
    return this.#inTransaction(limits(timeoutMs, 'read write'), timeoutMs, act);
  }

  async #inTransaction<T>(
    settings: readonly string[],
    timeoutMs: number,
    act: (send: Send) => Promise<T>,
  ): Promise<T> {
    const send: Send = async (text, values) => {
      this.#refuseWhenStopped();
      const config = {
        text,
        query_timeout: timeoutMs + answerSlackMs,
        ...(values === undefined ? {} : { values, queryMode: 'extended' }),
      };
      const result = await this.#client.query(config);
      return z.array(z.record(z.string(), z.unknown())).parse(result.rows);
    };
    return this.#inTurn(async () => {
      this.#refuseWhenStopped();
      const begun = results.parse(
        await this.#client.query(`begin ${labMark}; select ${labMark} pg_backend_pid() as pid`),
      );
      this.#busyPid = z.number().parse(begun.at(-1)?.rows[0]?.['pid']);
      try {
        for (const setting of settings) await this.#client.query(setting);
        return await act(send);
      } finally {
        this.#busyPid = undefined;
        if (!this.#lost) await this.#client.query(`rollback ${labMark}`);
      }
    });
  }

  /**
   * Runs `act` so that the abort of `signal` ends the statement that runs then, on the server as well, and starts no
   * other one. Throws GaugewayError interrupted when that happened.
   */
  async stoppedBy<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    let stopping: Promise<void> | undefined;
    const stop = (): void => {
      this.#stopped = true;
      stopping = this.#cancel();
      // Awaited below; until then nobody would take its failure.
      stopping.catch(() => undefined);
    };
    if (signal.aborted) this.#stopped = true;
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await act();
    } finally {
      signal.removeEventListener('abort', stop);
      await stopping;
    }
  }

  /** Cancels over a connection of its own: ours waits for the answer of what is to be cancelled. */
  async #cancel(): Promise<void> {
    const pid = this.#busyPid;
    if (pid === undefined) return;
    const client = new Client({
      connectionString: this.#dsn,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: answerTimeoutMs,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      // Ours may have ended meanwhile, and a pooler given its process to somebody else.
      if (this.#busyPid === pid) await client.query(`select ${labMark} pg_cancel_backend(${pid})`);
    } catch (error) {
      throw asUnreadable(error);
    } finally {
      await client.end();
    }
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new GaugewayError('interrupted', 'interrupted');
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last
      .then(act)
      .catch((error: unknown) => {
        throw this.#failed(error);
      })
      .finally(() => {
        this.#transactions += 1;
      });
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** What the server answers leaves the connection as it was; after anything else nobody knows where it stands. */
  #failed(error: unknown): GaugewayError {
    const answered =
      error instanceof DatabaseError || error instanceof GaugewayError || error instanceof z.ZodError;
    if (!answered && !this.#lost) {
      this.#lost = true;
      this.#client.end(() => undefined);
    }
    if (this.#stopped) return new GaugewayError('interrupted', 'interrupted', { cause: error });
    return asUnreadable(error);
  }
}

/** The rows of each statement of one read. */
export class Answers {
  readonly #rows: ReadonlyMap<SampleQuery<unknown>, unknown>;

  constructor(rows: ReadonlyMap<SampleQuery<unknown>, unknown>) {
    this.#rows = rows;
  }

  of<T>(query: SampleQuery<T>): T {
    return query.rows.parse(this.#rows.get(query));
  }

  /** What the read took on the server: from the arrival of its statements until the last one, sending included. */
  get serverMs(): number {
    return this.of(serverTime)[0].serverMs;
  }
}

function asUnreadable(error: unknown): GaugewayError {
  if (error instanceof GaugewayError) return error;
  const remedy =
    error instanceof DatabaseError && error.code === '42501'
      ? ' (the role needs pg_monitor, and pg_read_all_data for plans)'
      : '';
  return new GaugewayError('source_unreadable', `PostgreSQL: ${maskSecrets(messageOf(error))}${remedy}`, {
    cause: error,
  });
}
