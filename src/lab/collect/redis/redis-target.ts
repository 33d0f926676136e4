import { Redis } from 'ioredis';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { maskSecrets } from '../../../shared/mask-secrets.ts';
import type { Connection } from '../shared-connection.ts';

/** How the lab's connection calls itself in `CLIENT LIST` and in the slow log. */
export const labClientName = 'gaugeway-lab';

const connectTimeoutMs = 5000;
const answerTimeoutMs = 5000;
const protocols = new Map([
  ['redis:', 'redis:'],
  ['rediss:', 'rediss:'],
  ['valkey:', 'redis:'],
  ['valkeys:', 'rediss:'],
]);

/** A command with its arguments. */
export type RedisCommand = readonly [name: string, ...args: (string | number | Buffer)[]];

/** Host and port of a URL, for people; no user, no password. */
export function redisTargetName(url: string): string {
  return URL.canParse(url) ? `redis ${new URL(url).host}` : 'redis';
}

/**
 * The lab's one connection to a Redis or Valkey. It is not made again by itself, and its commands are not repeated:
 * what is lost is told. Only commands that read are sent.
 */
export class RedisTarget implements Connection {
  readonly #client: Redis;
  /** The database that the URL names; undefined when it names none. */
  readonly database: number | undefined;
  readonly #sent = new Map<string, number>();
  #lost = false;

  private constructor(client: Redis, database: number | undefined) {
    this.#client = client;
    this.database = database;
    this.#count('client|setname');
    client.on('end', () => {
      this.#lost = true;
    });
  }

  /** Throws GaugewayError usage for what is no URL of a Redis, source_unreadable when it cannot be reached. */
  static async connect(url: string, signal: AbortSignal): Promise<RedisTarget> {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    const protocol = parsed && protocols.get(parsed.protocol);
    if (parsed === undefined || protocol === undefined) {
      throw new GaugewayError('usage', 'a Redis is given as a URL, e.g. redis://127.0.0.1:6379/0');
    }
    if (signal.aborted) throw new GaugewayError('interrupted', 'connecting was interrupted');
    const withPassword = parsed.password !== '';
    const address = withPassword ? withoutLogin(parsed) : url;
    const client = new Redis(address.replace(parsed.protocol, protocol), {
      lazyConnect: true,
      ...(withPassword ? {} : { connectionName: labClientName }),
      connectTimeout: connectTimeoutMs,
      commandTimeout: answerTimeoutMs,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
    });
    let failure: unknown;
    // What fails while it connects (a password, a certificate, a database number) is told by this event only.
    client.on('error', (error) => {
      failure ??= error;
    });
    try {
      await client.connect();
      if (failure !== undefined) throw asUnreadable(failure);
      if (withPassword) await logIn(client, parsed);
    } catch (error) {
      client.disconnect();
      throw asUnreadable(failure ?? error);
    }
    return new RedisTarget(client, databaseOf(parsed));
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Sends commands in one round trip. An answer is a value, or the server's refusal as a GaugewayError. */
  async ask(...commands: RedisCommand[]): Promise<unknown[]> {
    const pipeline = this.#client.pipeline();
    for (const [name, ...args] of commands) pipeline.callBuffer(name, ...args);
    let answers: [error: Error | null, result: unknown][] | null;
    try {
      answers = await pipeline.exec();
    } catch (error) {
      throw asUnreadable(error);
    }
    for (const command of commands) this.#count(statName(command));
    return (answers ?? []).map(([error, result]) => {
      if (error === null) return result;
      if (isReply(error)) return asUnreadable(error);
      throw asUnreadable(error);
    });
  }

  /** Calls that this connection has made of each command, named as in `INFO commandstats`. */
  get sentCalls(): ReadonlyMap<string, number> {
    return this.#sent;
  }

  async close(): Promise<void> {
    this.#client.disconnect();
  }

  #count(name: string): void {
    this.#sent.set(name, (this.#sent.get(name) ?? 0) + 1);
  }
}

/** Without what `logIn` does: the database can be chosen only after it. */
function withoutLogin(url: URL): string {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  address.pathname = '';
  return address.href;
}

/** The client would tell on the user's terminal that a server does not need the password that it was given. */
async function logIn(client: Redis, url: URL): Promise<void> {
  const [username, password] = [url.username, url.password].map(decodeURIComponent);
  try {
    await client.call('auth', ...(username ? [username] : []), password ?? '');
  } catch (error) {
    if (!isReply(error) || !needsNoPassword.test(error.message)) throw error;
  }
  try {
    await client.call('client', 'setname', labClientName);
  } catch (error) {
    // A user who may not give a name may read all the same.
    if (!isReply(error)) throw error;
  }
  const database = databaseOf(url) ?? 0;
  if (database !== 0) await client.call('select', database);
}

/** Of Redis 5 and before, and of later ones. */
const needsNoPassword = /no password is set|without any password configured for the default user/;

/** The name in `INFO commandstats`; commands that hold others are counted by both words. */
function statName([name, first]: RedisCommand): string {
  return containers.has(name) ? `${name}|${String(first).toLowerCase()}` : name;
}

const containers = new Set(['memory', 'slowlog', 'config', 'client']);

function databaseOf({ pathname }: URL): number | undefined {
  const [, digits] = /^\/(\d+)$/.exec(pathname) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Whether the server itself refused, so that the connection is as it was. */
function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}

function asUnreadable(error: unknown): GaugewayError {
  if (error instanceof GaugewayError) return error;
  const message = maskSecrets(messageOf(error));
  return new GaugewayError('source_unreadable', `Redis: ${message}${remedyFor(message)}`, { cause: error });
}

function remedyFor(message: string): string {
  const [, command] = /^NOPERM .*?'([^']+)' command/.exec(message) ?? [];
  if (command !== undefined) return ` (ACL SETUSER … +${command})`;
  if (message.startsWith('NOAUTH')) return ' (give user and password in the URL)';
  if (/self.signed|unable to verify/i.test(message)) return ' (NODE_EXTRA_CA_CERTS names a file of its CA)';
  return '';
}
