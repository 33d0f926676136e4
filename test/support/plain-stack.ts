import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { spawnReady } from '../../src/shared/spawn-ready.ts';
import { startExternalPostgres } from './external-postgres.ts';
import { freePort } from './free-port.ts';
import { expectOk, startLogged } from './logged-program.ts';
import { nginxSite } from './nginx-site.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { findProgram, type Requirement } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

const postgres = findProgram('postgres');
const pgbouncer = findProgram('pgbouncer');
const redis = findProgram('redis-server');
const nginx = findProgram('nginx');

/** What the stack is made of, for the title of a test. */
export const plainStackPrograms: readonly Requirement[] = [postgres, pgbouncer, redis, nginx];

/** nginx, Gaugeway, PgBouncer, PostgreSQL 15 and Redis as plain processes on free ports, up within seconds. */
export interface PlainStack extends AsyncDisposable {
  gatewayUrl: string;
  gatewayPid: number;
  /** For a superuser, on the server itself. */
  postgresDsn: string;
  /** The same login at the console of PgBouncer. */
  pgbouncerDsn: string;
  redisPort: number;
  nginxPort: number;
  accessLog: string;
  /** Of every part that has one: in no output, no file. */
  password: string;
}

const startLimitMs = 15_000;

/** The gateway is told of its database, by way of PgBouncer, and of Redis by its environment. */
export async function startPlainStack(): Promise<PlainStack> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder()).path;
  const server = parts.use(await startExternalPostgres(pathOf(postgres)));
  const dsn = await server.createDatabase('mcp');
  const pool = parts.use(
    await startPgBouncer(pathOf(pgbouncer), dsn, { settings: { admin_users: 'gaugeway' } }),
  );
  const { password } = new URL(dsn);
  const redisPort = await freePort();
  parts.defer(
    await startLogged({
      name: 'Redis',
      command: pathOf(redis),
      args: ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--requirepass', password],
      cwd: folder,
      logFile: join(folder, 'redis.log'),
      probe: () => once(connect(redisPort, '127.0.0.1').unref(), 'connect'),
      startLimitMs,
    }),
  );
  const main = join(import.meta.dirname, '../../src/main.ts');
  const gateway = await spawnReady({
    name: 'gateway',
    command: process.execPath,
    args: [main, 'serve', '--port=0', '--exit-with-parent', '--register=none=http://127.0.0.1:1/mcp'],
    env: { DATABASE_URL: pool.through(dsn), REDIS_URL: `redis://:${password}@127.0.0.1:${redisPort}/0` },
    onStderrLine: () => {},
  });
  parts.defer(() => gateway.stop());
  const nginxPort = await freePort();
  const accessLog = join(folder, 'access.log');
  const site = nginxSite({
    port: nginxPort,
    gatewayPort: Number(new URL(gateway.url).port),
    accessLog,
    errorLog: join(folder, 'error.log'),
  });
  await writeFile(join(folder, 'nginx.conf'), site);
  parts.defer(
    await startLogged({
      name: 'nginx',
      command: pathOf(nginx),
      args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
      cwd: folder,
      logFile: join(folder, 'nginx.log'),
      probe: () => expectOk(`http://127.0.0.1:${nginxPort}/health`),
      startLimitMs,
    }),
  );
  const all = parts.move();
  return {
    gatewayUrl: gateway.url,
    gatewayPid: gateway.pid,
    postgresDsn: dsn,
    pgbouncerDsn: pool.through(dsn).replace(/\/mcp$/, '/pgbouncer'),
    redisPort,
    nginxPort,
    accessLog,
    password,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function pathOf({ path, missing }: Requirement): string {
  if (path === undefined) throw new Error(missing);
  return path;
}
