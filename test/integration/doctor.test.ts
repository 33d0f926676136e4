import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Redis } from 'ioredis';
import type { CheckResult, Patient } from '../../src/lab/doctor/check.ts';
import { examine } from '../../src/lab/doctor/examine.ts';
import { redisReader } from '../../src/shared/minimal-access.ts';
import { gaugeway } from '../support/command-line.ts';
import { type PlainStack, plainStackPrograms, startPlainStack } from '../support/plain-stack.ts';
import { testDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const never = new AbortController().signal;
const missing = plainStackPrograms.some((program) => program.missing !== undefined);

async function checked(patient: Partial<Patient>): Promise<CheckResult[]> {
  const nothing = { processes: [], missingProcesses: [], containers: [], logs: [] };
  const { checks } = await examine({ ...nothing, ...patient }, never);
  return checks.filter(({ source }) => source !== 'machine');
}

const failed = (checks: readonly CheckResult[]): CheckResult[] =>
  checks.filter(({ status }) => status === 'fail');

describe.skipIf(missing)(title('a stack with everything', ...plainStackPrograms), () => {
  let stack: PlainStack;
  let redisUrl: string;

  beforeAll(async () => {
    stack = await startPlainStack();
    redisUrl = `redis://:${stack.password}@127.0.0.1:${stack.redisPort}/0`;
  }, 60_000);
  afterAll(() => stack[Symbol.asyncDispose]());

  test('passes from its stack file, as the command prints it', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'stack.yaml');
    await writeFile(
      file,
      `gateway: { url: "${stack.gatewayUrl}" }
postgres: { dsn: "${stack.postgresDsn}" }
pgbouncer: { dsn: "${stack.pgbouncerDsn}" }
redis: { url: "${redisUrl}" }
nginx: { status: "http://127.0.0.1:${stack.nginxPort}/nginx_status", accessLog: "${stack.accessLog}" }
processes:
  - { role: gateway, pid: ${stack.gatewayPid} }
logs:
  - { role: nginx, file: "${stack.accessLog}" }
`,
    );
    const { code, stdout, stderr } = await gaugeway(['doctor', '--stack', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain(stack.password);
    expect(stdout).toContain('ok    console: it can be read');
    expect(stdout).toContain('ok    commands: all that are needed are allowed');
    expect(stdout).toContain('ok    counters: stub_status answers');
    expect(stdout).toContain('ok    access log: it tells the times of nginx and of the gateway');
    expect(stdout).toContain('ok    CPU profile: Node: its inspector can be opened');
    // This PostgreSQL has it not, and the server has to be restarted for it.
    expect(stdout).toContain(
      "→ ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements';  -- then restart",
    );
    const lines = stdout.split('\n').filter((line) => !line.includes('→'));
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test('sees that a connection goes by way of PgBouncer', async () => {
    const behind = new URL(stack.pgbouncerDsn);
    behind.pathname = '/mcp';
    const path = (await checked({ postgresDsn: behind.href })).find(({ check }) => check === 'path');
    expect(path).toMatchObject({
      status: 'info',
      found: expect.stringContaining(new URL(stack.postgresDsn).port),
    });
  });

  test('lets a Redis user with its line of rights do all, and any other not', async () => {
    await using admin = {
      client: new Redis(redisUrl),
      [Symbol.asyncDispose]: async () => void (await admin.client.quit()),
    };
    const [, ...words] = redisReader('reader').split(' ');
    await admin.client.call('ACL', ...words.map((word) => word.replaceAll("'", '')));
    const as = (user: string) => redisUrl.replace('//:', `//${user}:`).replace(stack.password, 'PASSWORD');
    await admin.client.config('RESETSTAT');
    expect(failed(await checked({ redisUrl }))).toEqual([]);
    expect(await admin.client.info('stats')).toMatch(/keyspace_hits:0\s+keyspace_misses:0/);
    const asReader = await checked({ redisUrl: as('reader') });
    expect(failed(asReader)).toEqual([]);
    expect(asReader.find(({ check }) => check === 'commands')?.found).toContain('(2 misses in its figures');
    expect(await admin.client.info('stats')).toMatch(/keyspace_hits:0\s+keyspace_misses:2/);

    await admin.client.call('ACL', 'SETUSER', 'blind', 'on', '>PASSWORD', '-@all', '+info', '+time');
    expect(failed(await checked({ redisUrl: as('blind') }))).toMatchObject([
      { check: 'commands', remedy: [redisReader('blind')] },
    ]);
    expect(failed(await checked({ redisUrl: as('nobody') }))).toMatchObject([
      { check: 'connection', found: expect.stringContaining('WRONGPASS') },
    ]);
  });

  test('names the line of PgBouncer that a user lacks', async () => {
    const wrong = new URL(stack.pgbouncerDsn);
    wrong.username = 'lab';
    expect(failed(await checked({ pgbouncerDsn: wrong.href }))).toMatchObject([
      { check: 'console', remedy: expect.arrayContaining(['in pgbouncer.ini: stats_users = lab']) },
    ]);
  });
});

test('a role that may not monitor is told the grant, which then suffices', async () => {
  await using database = await testDatabase();
  const role = `lab_${new URL(database.dsn).pathname.slice(-6)}`;
  await query(database.dsn, `create role ${role} login password 'x'`);
  const dsn = new URL(database.dsn);
  dsn.username = role;
  dsn.password = 'x';
  try {
    const [refused] = failed(await checked({ postgresDsn: dsn.href }));
    expect(refused).toMatchObject({ check: 'role', remedy: [`GRANT pg_monitor TO ${role};`] });
    await query(database.dsn, refused?.remedy?.[0] ?? '');
    expect(failed(await checked({ postgresDsn: dsn.href }))).toEqual([]);
  } finally {
    await query(database.dsn, `drop role ${role}`);
  }
});

test('sources that are away are failures, each with what helps', async () => {
  const checks = await checked({
    gatewayUrl: 'http://127.0.0.1:1',
    postgresDsn: 'postgresql://lab:geheim@127.0.0.1:1/mcp',
    pgbouncerDsn: 'postgresql://lab:geheim@127.0.0.1:1/pgbouncer',
    redisUrl: 'redis://:geheim@127.0.0.1:1/0',
    nginx: { statusUrl: 'http://127.0.0.1:1/s', accessLog: '/nowhere/access.log' },
    missingProcesses: ['stack.yaml:3: processes.0: no process listens on port 1'],
    containers: [{ role: 'gateway', name: 'gateway-1' }],
    containerSocket: '/nowhere/docker.sock',
    logs: [{ role: 'gateway', name: 'gateway', from: { file: '/nowhere/gateway.log' } }],
  });
  expect(failed(checks).map(({ source, check }) => `${source} ${check}`)).toEqual([
    'gateway connection',
    'postgres connection',
    'pgbouncer console',
    'redis connection',
    'nginx counters',
    'nginx access log',
    'processes runs',
    'containers socket',
    'log gateway file /nowhere/gateway.log',
  ]);
  expect(JSON.stringify(checks)).not.toContain('geheim');
  const helpless = failed(checks).filter(
    ({ remedy, check }) => remedy === undefined && check !== 'access log',
  );
  expect(helpless).toEqual([]);
});

test('the command fails when a check does, and is no use without a source', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'stack.yaml');
  await writeFile(
    file,
    'redis: { url: "redis://127.0.0.1:1/0" }\nprocesses:\n  - { role: redis, port: 1 }\n',
  );
  const { code, stdout } = await gaugeway(['doctor', '--stack', file, '--json']);
  expect(code).toBe(1);
  const document = JSON.parse(stdout);
  expect(document).toMatchObject({ command: 'doctor', verdict: 'fail', counts: { fail: 2 } });
  expect(stdout).toContain(
    `${file}:3: processes.0: no process that can be watched listens on port 1 (redis)`,
  );

  const session = await gaugeway(['session', '--stack', file, '--target', 'http://127.0.0.1:1']);
  expect(session.code).toBe(2);
  expect(session.stderr).toMatch(
    /stack\.yaml:3: processes\.0: no process .*; gaugeway doctor checks all of the stack/,
  );
});

test.each([
  [['doctor', '--pg', 'host=localhost dbname=x']],
  [['doctor', '--pg', 'postgresql://%zz:geheim@127.0.0.1/x']],
  [['doctor', '--pgbouncer', 'host=x']],
  [['doctor', '--redis', 'localhost:6379']],
  [['doctor', '--nginx-status', 'status']],
  [['pg', 'connections', '--pg', 'host=x password=geheim']],
])('%j is refused with one line', async (args) => {
  const { code, stderr, stdout } = await gaugeway(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^gaugeway: --[a-z-]+: .+\n$/);
  expect(stderr).not.toContain('geheim');
});
