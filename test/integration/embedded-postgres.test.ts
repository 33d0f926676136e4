import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GaugewayError } from '../../src/shared/errors.ts';
import { type ReadyProcess, spawnReady } from '../../src/shared/spawn-ready.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/stack/embedded-postgres.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import { testDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
const runner = join(import.meta.dirname, '..', 'support', 'run-embedded-postgres.ts');

let template: TemporaryFolder;

/** A data folder with an empty database in it: a copy, because making one takes seconds. */
async function dataFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await run('cp', ['-a', `${template.path}/.`, folder.path]);
  return folder;
}

beforeAll(async () => {
  template = await temporaryFolder();
  await (await startEmbeddedPostgres({ dataFolder: template.path })).stop();
});

afterAll(() => template[Symbol.asyncDispose]());

async function startOn(folder: TemporaryFolder): Promise<EmbeddedPostgres & AsyncDisposable> {
  const postgres = await startEmbeddedPostgres({ dataFolder: folder.path });
  return { ...postgres, [Symbol.asyncDispose]: () => postgres.stop() };
}

/** The same in a process of its own, whose `url` is the DSN. */
async function startElsewhere(folder: TemporaryFolder): Promise<ReadyProcess> {
  return spawnReady({ name: 'runner', command: process.execPath, args: [runner, folder.path] });
}

async function failureOf(starting: Promise<EmbeddedPostgres>): Promise<GaugewayError> {
  const result: unknown = await starting.catch((error: unknown) => error);
  if (!(result instanceof GaugewayError)) throw new Error('expected a GaugewayError', { cause: result });
  return result;
}

async function postmasterPid(folder: TemporaryFolder): Promise<number> {
  return Number.parseInt(await readFile(join(folder.path, 'postgres', 'data', 'postmaster.pid'), 'utf8'), 10);
}

const keepRow = 'CREATE TABLE kept AS SELECT 42 AS answer';
const readRow = 'SELECT answer FROM kept';

describe('an embedded PostgreSQL', () => {
  it('is PostgreSQL 18 with statement and I/O statistics, on loopback only', async () => {
    await using folder = await dataFolder();
    await using postgres = await startOn(folder);
    const rows = await query(
      postgres.dsn,
      `SELECT current_database() AS database, current_setting('server_version_num')::int / 10000 AS version,
              current_setting('listen_addresses') AS listen, current_setting('unix_socket_directories') AS sockets,
              current_setting('track_io_timing') AS timing, current_setting('server_encoding') AS encoding,
              (SELECT count(*) > 0 FROM pg_stat_statements) AS statements`,
    );
    expect(rows).toEqual([
      {
        database: 'gaugeway',
        version: 18,
        listen: '127.0.0.1',
        sockets: '',
        timing: 'on',
        encoding: 'UTF8',
        statements: true,
      },
    ]);
  });

  it('lets nobody in without its password, which only its owner can read', async () => {
    await using folder = await temporaryFolder();
    await using postgres = await startOn(folder);
    const guess = new URL(postgres.dsn);
    guess.password = 'guess';
    await expect(query(guess.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    const modes = await Promise.all(
      ['postgres-password', 'postgres.log', 'postgres'].map((name) => stat(join(folder.path, name))),
    );
    expect(modes.map(({ mode }) => mode & 0o777)).toEqual([0o600, 0o600, 0o700]);
  });

  it('comes up again with its rows', async () => {
    await using folder = await dataFolder();
    const first = await startEmbeddedPostgres({ dataFolder: folder.path });
    await query(first.dsn, keepRow);
    await Promise.all([first.stop(), first.stop()]);
    expect(isAlive(first.pid)).toBe(false);
    await using second = await startOn(folder);
    expect(await query(second.dsn, readRow)).toEqual([{ answer: 42 }]);
  });

  it('starts with an empty database when asked to', async () => {
    await using folder = await dataFolder();
    const first = await startEmbeddedPostgres({ dataFolder: folder.path });
    await query(first.dsn, keepRow);
    await first.stop();
    const second = await startEmbeddedPostgres({ dataFolder: folder.path, emptyDatabase: true });
    try {
      await expect(query(second.dsn, readRow)).rejects.toThrow(/does not exist/);
      expect(await query(second.dsn, 'SELECT count(*) > 0 AS ok FROM pg_stat_statements')).toEqual([
        { ok: true },
      ]);
    } finally {
      await second.stop();
    }
  });
});

describe('when the process that runs it is killed', () => {
  it('ends by itself, and the next start has the rows', async () => {
    await using folder = await dataFolder();
    const killed = await startElsewhere(folder);
    await query(killed.url, keepRow);
    const pid = await postmasterPid(folder);
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
    await using postgres = await startOn(folder);
    expect(await query(postgres.dsn, readRow)).toEqual([{ answer: 42 }]);
  });

  it('is ended by the next start if it still runs', async () => {
    await using folder = await dataFolder();
    const killed = await startElsewhere(folder);
    await query(killed.url, keepRow);
    const pid = await postmasterPid(folder);
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
    const children = stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([child = 0, parent]) => (parent === killed.pid && child !== pid ? [child] : []));
    // Without the shell that waits for its end, nobody tells the server that it is alone.
    for (const child of children) process.kill(child, 'SIGKILL');
    process.kill(killed.pid, 'SIGKILL');
    await killed.exited;
    expect(isAlive(pid)).toBe(true);
    await using postgres = await startOn(folder);
    expect(postgres.pid).not.toBe(pid);
    expect(isAlive(pid)).toBe(false);
    expect(await query(postgres.dsn, readRow)).toEqual([{ answer: 42 }]);
  });

  it('recovers when the server was killed too', async () => {
    await using folder = await dataFolder();
    const killed = await startElsewhere(folder);
    await query(killed.url, keepRow);
    for (const pid of [await postmasterPid(folder), killed.pid]) process.kill(pid, 'SIGKILL');
    await killed.exited;
    await using postgres = await startOn(folder);
    expect(await query(postgres.dsn, readRow)).toEqual([{ answer: 42 }]);
  });

  it('does not take a stranger that got its pid for its server', async () => {
    await using folder = await dataFolder();
    const pidFile = join(folder.path, 'postgres', 'data', 'postmaster.pid');
    await writeFile(pidFile, `${process.pid}\n`);
    await using postgres = await startOn(folder);
    expect(await query(postgres.dsn, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('one data folder', () => {
  it('is for one gaugeway at a time: the second one is told who has it', async () => {
    await using folder = await dataFolder();
    await using running = await startElsewhere(folder);
    const error = await failureOf(startEmbeddedPostgres({ dataFolder: folder.path }));
    expect(error.code).toBe('conflict');
    expect(error.message).toContain(`in use by gaugeway with pid ${running.pid}`);
    expect(error.message).toContain('GAUGEWAY_DATA');
  });

  it('goes to one of two that start at the same time', async () => {
    await using folder = await dataFolder();
    const results = await Promise.allSettled([startElsewhere(folder), startElsewhere(folder)]);
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [String(result.reason)] : [],
    );
    await Promise.all(started.map((each) => each.stop()));
    expect(started).toHaveLength(1);
    expect(refused).toEqual([expect.stringContaining(`in use by gaugeway with pid ${started[0]?.pid}`)]);
  });

  it('is made anew over what a killed initdb left', async () => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, 'postgres', 'data'), { recursive: true });
    await mkdir(join(folder.path, 'postgres', 'new-left-over', 'base'), { recursive: true });
    await using postgres = await startOn(folder);
    expect(await query(postgres.dsn, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await readdir(join(folder.path, 'postgres'))).toEqual(['data']);
  });

  it('of another PostgreSQL version is refused and left as it is', async () => {
    await using folder = await dataFolder();
    const versionFile = join(folder.path, 'postgres', 'data', 'PG_VERSION');
    await writeFile(versionFile, '15\n');
    const error = await failureOf(startEmbeddedPostgres({ dataFolder: folder.path }));
    expect(error.code).toBe('config_invalid');
    expect(error.message).toMatch(/made by PostgreSQL 15 and this is PostgreSQL 18/);
    expect(await readFile(versionFile, 'utf8')).toBe('15\n');
  });

  it('that has lost its password is refused, and its data kept', async () => {
    await using folder = await dataFolder();
    await rm(join(folder.path, 'postgres-password'));
    const error = await failureOf(startEmbeddedPostgres({ dataFolder: folder.path }));
    expect(error.message).toMatch(/has lost its password file/);
    expect(await readdir(join(folder.path, 'postgres'))).toEqual(['data']);
  });

  it('that cannot be made is named', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');
    const error = await failureOf(startEmbeddedPostgres({ dataFolder: join(folder.path, 'file', 'data') }));
    expect(error.code).toBe('config_invalid');
    expect(error.message).toMatch(/cannot use the data folder .*file\/data; set GAUGEWAY_DATA/);
  });
});

describe('a start that fails', () => {
  it('says what the server logged last, and frees the folder', async () => {
    await using folder = await dataFolder();
    const error = await failureOf(
      startEmbeddedPostgres({ dataFolder: folder.path, settings: { shared_buffers: 'plenty' } }),
    );
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(/PostgreSQL ended while starting: .*shared_buffers.*plenty.*postgres\.log/);
    await using postgres = await startOn(folder);
    expect(isAlive(postgres.pid)).toBe(true);
  });

  it('leaves nothing running when it is interrupted, whenever that is', async () => {
    await using folder = await temporaryFolder();
    for (const delayMs of [0, 100, 400, 800]) {
      const interrupt = new AbortController();
      const timer = setTimeout(() => interrupt.abort(), delayMs);
      const options = { dataFolder: folder.path, signal: interrupt.signal };
      const [result] = await Promise.allSettled([startEmbeddedPostgres(options)]);
      clearTimeout(timer);
      if (result.status === 'fulfilled') await result.value.stop();
      else expect(result.reason).toMatchObject({ code: 'interrupted' });
      const { stdout } = await run('ps', ['-A', '-o', 'command=']);
      expect(stdout.split('\n').filter((line) => line.includes(folder.path))).toEqual([]);
    }
  });
});

describe('a database for a test', () => {
  it('has statement statistics of its own', async () => {
    await using database = await testDatabase();
    const sql = `SELECT extname FROM pg_extension WHERE extname = 'pg_stat_statements'`;
    expect(await query(database.dsn, sql)).toEqual([{ extname: 'pg_stat_statements' }]);
  });

  it('is gone when it is disposed of, connections included', async () => {
    const database = await testDatabase();
    const client = new Client({ connectionString: database.dsn });
    const ended = new Promise<Error>((resolve) => client.on('error', resolve));
    await client.connect();
    await database[Symbol.asyncDispose]();
    expect((await ended).message).toMatch(/terminating connection/);
    await expect(query(database.dsn, 'SELECT 1')).rejects.toThrow(/does not exist/);
  });
});
