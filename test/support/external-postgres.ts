import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverEnvironment } from '../../src/stack/postgres-binaries.ts';
import { type Postmaster, startPostmaster } from '../../src/stack/postmaster.ts';
import { chooseServiceAccount, runAs } from '../../src/stack/service-account.ts';
import { query } from './query.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** The PostgreSQL of the operating system, on a cluster of its own; disposing ends it and removes the cluster. */
export interface ExternalPostgres extends AsyncDisposable {
  /** For a superuser, on the database `postgres`. */
  readonly dsn: string;
  readonly logFile: string;
  /** Makes an empty database without any extension and gives its DSN. */
  createDatabase(name?: string): Promise<string>;
  /** Shuts it down at once, whoever is connected. */
  stop(): Promise<void>;
  /** Starts it again, at the same port. */
  start(): Promise<void>;
}

/**
 * Starts the server `program`, beside which `initdb` lies, as an unprivileged account when we are root. Durability
 * is off: the data does not outlive the run.
 */
export async function startExternalPostgres(
  program: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<ExternalPostgres> {
  const folder = await temporaryFolder();
  const account = await chooseServiceAccount(0);
  const home = join(folder.path, 'postgres');
  await mkdir(home);
  if (account !== undefined) await chown(home, account.uid, account.gid);
  const dataDirectory = join(home, 'data');
  const user = 'gaugeway';
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder.path, 'password');
  await writeFile(passwordFile, password);
  const initdb = join(dirname(program), 'initdb');
  const options = [`--pgdata=${dataDirectory}`, `--username=${user}`, `--pwfile=${passwordFile}`];
  await run(
    initdb,
    [...options, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
    {
      ...runAs(account),
      cwd: home,
      env: serverEnvironment(),
    },
  );
  const logFile = join(folder.path, 'postgres.log');
  await writeFile(logFile, '');
  const startServer = (port: Readonly<Record<string, string>> = {}): Promise<Postmaster> =>
    startPostmaster({
      cluster: {
        binaries: { initdb, postgres: program, majorVersion: '' },
        account,
        dataDirectory,
        password,
      },
      settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', ...settings, ...port },
      logFile,
    });
  let server = await startServer();
  const { port } = server;
  const dsn = (database: string): string => `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
  return {
    dsn: dsn('postgres'),
    logFile,
    stop: () => server.stop(),
    async start() {
      server = await startServer({ port: String(port) });
    },
    async createDatabase(name = `test_${randomBytes(6).toString('hex')}`) {
      await query(dsn('postgres'), `create database ${name}`);
      return dsn(name);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
