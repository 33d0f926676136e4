import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { spawnReady } from '../../src/shared/spawn-ready.ts';
import { adminToken, contextForge, contextForgeSettings, postToContextForge } from './contextforge.ts';
import { startExternalPostgres } from './external-postgres.ts';
import { freePort } from './free-port.ts';
import { expectOk, startLogged } from './logged-program.ts';
import { nginxSite } from './nginx-site.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { query } from './query.ts';
import { findProgram, type Requirement } from './requires.ts';
import { temporaryFolder } from './temporary-folder.ts';

const postgres = findProgram('postgres');
const pgbouncer = findProgram('pgbouncer');
const redis = findProgram('redis-server');
const nginx = findProgram('nginx');

/** What the stack is made of, for the title of a test. */
export const contextForgeStackPrograms = [postgres, pgbouncer, redis, nginx, contextForge];

/** A part that a test may take away; `start` brings it back at the same port. */
export interface StoppablePart {
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * The stack that the profiling guide is about, as plain processes on free ports: nginx, two workers of ContextForge,
 * PgBouncer in transaction mode, PostgreSQL with pg_stat_statements, Redis, and one sample MCP server that is
 * registered as the gateway `sample`.
 */
export interface ContextForgeStack extends AsyncDisposable {
  /** nginx, as clients see the stack. */
  readonly url: string;
  readonly token: string;
  /** Where both workers and their master listen. */
  readonly gatewayPort: number;
  /** Behind PgBouncer; the database of the gateway. */
  readonly postgresDsn: string;
  readonly pgbouncerDsn: string;
  readonly redisUrl: string;
  readonly postgres: StoppablePart;
  readonly redis: StoppablePart;
  /** Logs and the access log lie here. */
  readonly folder: string;
  /** A stack file that names all of it, with the token and the passwords in it. */
  stackFile(): string;
}

const workers = 2;
const startLimitMs = 15_000;
const gatewayStartLimitMs = 180_000;

/** Resolves when the tools of the sample server can be called, which takes a minute and more. */
export async function startContextForgeStack(): Promise<ContextForgeStack> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(await temporaryFolder()).path;
  const logOf = (name: string): string => join(folder, `${name}.log`);

  const server = parts.use(
    await startExternalPostgres(programOf(postgres), {
      shared_preload_libraries: 'pg_stat_statements',
      max_connections: '200',
      log_min_duration_statement: '500',
    }),
  );
  const database = await server.createDatabase('mcp');
  await query(database, 'CREATE EXTENSION pg_stat_statements');
  const pool = parts.use(
    await startPgBouncer(programOf(pgbouncer), database, {
      poolSize: 20,
      settings: { max_client_conn: 500 },
    }),
  );

  const redisPort = await freePort();
  const startRedis = (): Promise<() => Promise<void>> =>
    startLogged({
      name: 'Redis',
      command: programOf(redis),
      args: ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      cwd: folder,
      logFile: logOf('redis'),
      probe: () => accepts(redisPort),
      startLimitMs,
    });
  let stopRedis = await startRedis();
  parts.defer(() => stopRedis());
  const redisUrl = `redis://127.0.0.1:${redisPort}/0`;

  const upstream = await spawnReady({
    name: 'sample MCP server',
    command: process.execPath,
    args: [
      join(import.meta.dirname, '../../src/main.ts'),
      'upstream-fixture',
      '--port=0',
      '--exit-with-parent',
    ],
    env: {},
    onStderrLine: () => {},
  });
  parts.defer(() => upstream.stop());

  const gatewayPort = await freePort();
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const secret = `${randomUUID()}${randomUUID()}`;
  parts.defer(
    await startLogged({
      name: 'ContextForge',
      command: join(dirname(programOf(contextForge)), 'gunicorn'),
      args: [
        '--worker-class=uvicorn.workers.UvicornWorker',
        `--workers=${workers}`,
        `--bind=127.0.0.1:${gatewayPort}`,
        '--timeout=600',
        'mcpgateway.main:app',
      ],
      cwd: folder,
      env: {
        ...contextForgeSettings(secret),
        DATABASE_URL: pool.through(database).replace('postgresql:', 'postgresql+psycopg:'),
        // PgBouncer pools; a statement is never run often enough on one connection to be prepared there.
        DB_POOL_CLASS: 'null',
        DB_PREPARE_THRESHOLD: '100',
        CACHE_TYPE: 'redis',
        REDIS_URL: redisUrl,
      },
      logFile: logOf('gateway'),
      probe: () => expectOk(`${gatewayUrl}/health`),
      startLimitMs: gatewayStartLimitMs,
    }),
  );
  const token = await adminToken(secret, '12h');
  await postToContextForge(gatewayUrl, token, '/gateways', {
    name: 'sample',
    url: new URL('/mcp', upstream.url).href,
    transport: 'STREAMABLEHTTP',
  });

  const nginxPort = await freePort();
  const url = `http://127.0.0.1:${nginxPort}`;
  const accessLog = logOf('access');
  await mkdir(join(folder, 'nginx'));
  await writeFile(
    join(folder, 'nginx/nginx.conf'),
    nginxSite({ port: nginxPort, gatewayPort, accessLog, errorLog: logOf('nginx') }),
  );
  parts.defer(
    await startLogged({
      name: 'nginx',
      command: programOf(nginx),
      args: ['-p', join(folder, 'nginx'), '-c', join(folder, 'nginx/nginx.conf'), '-e', logOf('nginx')],
      cwd: folder,
      logFile: logOf('nginx'),
      probe: () => expectOk(`${url}/health`),
      startLimitMs,
    }),
  );

  const started = parts.move();
  return {
    url,
    token,
    gatewayPort,
    postgresDsn: database,
    pgbouncerDsn: pool.consoleDsn,
    redisUrl,
    folder,
    postgres: server,
    redis: {
      stop: () => stopRedis(),
      async start() {
        stopRedis = await startRedis();
      },
    },
    stackFile: () =>
      stringify({
        name: 'ContextForge',
        gateway: { url, token },
        postgres: { dsn: database },
        pgbouncer: { dsn: pool.consoleDsn },
        redis: { url: redisUrl },
        nginx: { status: `${url}/nginx_status`, accessLog },
        processes: [
          { role: 'gateway', port: gatewayPort },
          { role: 'postgres', port: Number(new URL(database).port) },
          { role: 'pgbouncer', port: pool.port },
          { role: 'redis', port: redisPort },
          { role: 'nginx', port: nginxPort },
          { role: 'upstream', name: 'sample MCP server', pid: upstream.pid },
        ],
        logs: [
          { role: 'gateway', file: logOf('gateway') },
          { role: 'postgres', file: server.logFile },
          { role: 'redis', file: logOf('redis') },
          { role: 'nginx', file: logOf('nginx') },
        ],
      }),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

function programOf({ path, missing }: Requirement): string {
  if (path === undefined) throw new Error(missing);
  return path;
}

/** Rejects unless somebody listens at the port. */
async function accepts(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
