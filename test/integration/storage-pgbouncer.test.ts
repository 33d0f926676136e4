import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Storage } from '../../src/gateway/storage/ports.ts';
import { openPostgresStorage } from '../../src/gateway/storage/postgres/postgres-storage.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { freePort } from '../support/free-port.ts';
import { testDatabase } from '../support/postgres.ts';
import { findProgram, title } from '../support/requires.ts';
import { query } from '../support/query.ts';
import { advisoryLocks, aGateway, describeStorage } from './storage-contract.ts';

const pgbouncer = findProgram('pgbouncer');
/** PgBouncer refuses to run as root, as PostgreSQL does. */
const nobody = 65_534;

describe.skipIf(pgbouncer.missing)(title('behind PgBouncer in transaction mode', pgbouncer), () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  let port = 0;
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gaugeway-pgbouncer-'));
    cleanUps.push(() => rm(folder, { recursive: true }));
    const server = new URL((await disposable()).dsn);
    port = await freePort();
    await writeFile(
      join(folder, 'pgbouncer.ini'),
      `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
`,
    );
    await writeFile(join(folder, 'users.txt'), `"${server.username}" "${server.password}"\n`);
    const asRoot = process.getuid?.() === 0;
    if (asRoot) {
      await chmod(folder, 0o755);
      await chown(folder, nobody, nobody);
    }
    const child = spawn(pgbouncer.path ?? '', ['-q', join(folder, 'pgbouncer.ini')], {
      stdio: 'ignore',
      ...(asRoot && { uid: nobody, gid: nobody }),
    });
    const ended = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    cleanUps.push(() => {
      child.kill('SIGKILL');
      return ended;
    });
    await vi.waitFor(() => query(through(server.href), 'select 1'), { timeout: 10_000 });
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });

  async function disposable(): Promise<{ dsn: string }> {
    const database = await testDatabase();
    cleanUps.push(async () => database[Symbol.asyncDispose]());
    return database;
  }

  function through(dsn: string): string {
    const url = new URL(dsn);
    url.host = `127.0.0.1:${port}`;
    return url.href;
  }

  const open = async (dsn: string): Promise<Storage> =>
    openPostgresStorage({ dsn: through(dsn), poolSize: 4, logger: createLogger('silent') });

  describeStorage('PostgreSQL', async () => open((await disposable()).dsn));

  test('replicas migrate at once, leave no session state behind and hear of each other by looking', async () => {
    const { dsn } = await disposable();
    const replicas = await Promise.all(Array.from({ length: 4 }, () => open(dsn)));
    expect(await query(dsn, advisoryLocks)).toEqual([]);
    const [one, two] = replicas;
    const seen: number[] = [];
    two?.watch.start((version) => seen.push(version));
    await one?.catalog.addGateway(aGateway('lab'), []);
    const version = (await one?.catalog.load())?.version;
    await vi.waitFor(() => expect(seen).toContain(version), { timeout: 10_000 });
    const left =
      "datname = current_database() and (state like 'idle in transaction%' or query ilike 'listen %')";
    expect(await query(dsn, `select state, query from pg_stat_activity where ${left}`)).toEqual([]);
    await Promise.all(replicas.map((replica) => replica.close()));
  });
});
