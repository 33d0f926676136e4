import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../src/shared/clock.ts';
import { messageOf } from '../../src/shared/errors.ts';
import { chooseServiceAccount, runAs } from '../../src/stack/service-account.ts';
import { freePort } from './free-port.ts';
import { query } from './query.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A real PgBouncer in transaction mode before one PostgreSQL. */
export interface PgBouncer extends AsyncDisposable {
  readonly port: number;
  /** DSN of the admin console, for a user that may only look (`stats_users`). */
  readonly consoleDsn: string;
  /** The same database as `dsn` names, by way of PgBouncer. */
  through(dsn: string): string;
  /** Kills it: everything that is connected through it loses its connection at once. */
  stop(): Promise<void>;
  /** Starts it again, at the same port. */
  start(): Promise<void>;
}

export interface PgBouncerOptions {
  /** Server connections per database; 2 when absent. */
  poolSize?: number;
  /** Further lines of its configuration. */
  settings?: Readonly<Record<string, string | number>>;
}

const startBoundMs = 10_000;
const pollMs = 50;

/**
 * Starts `program` before the server that `dsn` names, for its user; as root, under an unprivileged account.
 */
export async function startPgBouncer(
  program: string,
  dsn: string,
  { poolSize = 2, settings = {} }: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const server = new URL(dsn);
  const folder = await temporaryFolder();
  const account = await chooseServiceAccount(0);
  const port = await freePort();
  const [configFile, userFile] = [join(folder.path, 'pgbouncer.ini'), join(folder.path, 'users.txt')];
  const statsPassword = randomBytes(12).toString('hex');
  await writeFile(userFile, `"${server.username}" "${server.password}"\n"stats" "${statsPassword}"\n`);
  await writeFile(
    configFile,
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${userFile}
pool_mode = transaction
stats_users = stats
default_pool_size = ${poolSize}
${Object.entries(settings)
  .map(([key, value]) => `${key} = ${value}\n`)
  .join('')}`,
  );
  const through = (direct: string): string => {
    const url = new URL(direct);
    url.host = `127.0.0.1:${port}`;
    return url.href;
  };
  let guard: ChildProcess | undefined;

  async function stop(): Promise<void> {
    const ended = guard;
    guard = undefined;
    ended?.stdin?.end();
    if (ended !== undefined && ended.exitCode === null) await once(ended, 'exit');
  }

  async function start(): Promise<void> {
    const started = spawn('/bin/sh', ['-c', guardScript, 'pgbouncer', program, configFile], {
      ...runAs(account),
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    guard = started;
    let log = '';
    started.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
    const deadline = performance.now() + startBoundMs;
    for (;;) {
      try {
        await query(through(dsn), 'select 1');
        return;
      } catch (error) {
        if (performance.now() < deadline) await sleep(pollMs);
        else {
          await stop();
          throw new Error(`PgBouncer does not answer: ${messageOf(error)}; its log:\n${log}`, {
            cause: error,
          });
        }
      }
    }
  }

  await start();
  return {
    port,
    consoleDsn: `postgresql://stats:${statsPassword}@127.0.0.1:${port}/pgbouncer`,
    through,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** PgBouncer does not notice that its parent is gone: a shell does, which waits for the end of its own stdin. */
const guardScript = '"$1" "$2" & cat >/dev/null; kill -KILL $!; wait $!; exit 0';
