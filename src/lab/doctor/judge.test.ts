import { describe, expect, test } from 'vitest';
import { applyChecks } from './check.ts';
import { gatewayChecks, type GatewayFacts } from './gateway.ts';
import { judgeAccessLog } from './nginx.ts';
import { postgresChecks, type PostgresFacts } from './postgres.ts';
import { openFileLimit, processChecks, type ProcessFacts } from './processes.ts';
import { redisChecks } from './redis.ts';

const postgres: PostgresFacts = {
  role: 'lab',
  version: '18.4',
  database: 'mcp',
  canMonitor: true,
  preloaded: 'pg_stat_statements',
  statementsInstalled: true,
  hypopg: 'installed',
  trackIoTiming: true,
  trackActivities: true,
  maxConnections: 100,
  connections: 10,
  serverPort: 5432,
  dsnPort: 5432,
  clock: { offsetMs: 3, errorMs: 1 },
};
const gateway: GatewayFacts = {
  origin: 'http://127.0.0.1:4444',
  health: 200,
  withoutToken: 200,
  hasMetrics: true,
};
const node: ProcessFacts = {
  role: 'gateway',
  uid: 0,
  ownUid: 0,
  program: 'node',
  openFiles: 10,
  maxOpenFiles: 65_536,
  pySpy: undefined,
  perf: false,
  rights: { capabilities: 0n, ptraceScope: 1, perfEventParanoid: 3 },
};

const ofPostgres = (over: Partial<PostgresFacts>, check: string) =>
  applyChecks('postgres', postgresChecks, { ...postgres, ...over }).find((each) => each.check === check);

const ofToken = (over: Partial<GatewayFacts>) =>
  applyChecks('gateway', gatewayChecks, { ...gateway, ...over }).find(({ check }) => check === 'token');

const ofProfile = (over: Partial<ProcessFacts>) =>
  applyChecks('gateway', processChecks, { ...node, ...over }).find(({ check }) => check === 'CPU profile');

describe('a PostgreSQL', () => {
  test('that has everything passes', () => {
    expect(new Set(applyChecks('postgres', postgresChecks, postgres).map(({ status }) => status))).toEqual(
      new Set(['ok']),
    );
  });

  test.each<[string, string, Partial<PostgresFacts>, string, string[]]>([
    [
      'a role without pg_monitor',
      'role',
      { canMonitor: false, role: 'My Lab' },
      'fail',
      ['GRANT pg_monitor TO "My Lab";'],
    ],
    [
      'a library beside another one',
      'statements',
      { preloaded: 'auto_explain', statementsInstalled: false },
      'warn',
      [
        "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements';  -- then restart",
        'CREATE EXTENSION pg_stat_statements;  -- in mcp',
      ],
    ],
    [
      'an extension that is only loaded',
      'statements',
      { statementsInstalled: false },
      'warn',
      ['CREATE EXTENSION pg_stat_statements;  -- in mcp'],
    ],
    [
      'I/O without times',
      'I/O times',
      { trackIoTiming: false },
      'warn',
      ['ALTER SYSTEM SET track_io_timing = on; SELECT pg_reload_conf();'],
    ],
    ['no hypopg', 'index advice', { hypopg: 'available' }, 'info', ['CREATE EXTENSION hypopg;']],
    [
      'a pooler before it',
      'path',
      { dsnPort: 6432 },
      'info',
      ['name port 5432 in postgres.dsn: hypopg and clocks need the server itself'],
    ],
    [
      'another time',
      'clock',
      { clock: { offsetMs: -4000, errorMs: 2 } },
      'warn',
      ['sudo systemctl restart systemd-timesyncd'],
    ],
  ])('with %s is told what is missing, exactly', (_, check, over, status, remedy) => {
    expect(ofPostgres(over, check)).toMatchObject({ status, remedy });
  });

  test('that is full has no room for a run', () => {
    expect(ofPostgres({ connections: 95 }, 'connections')?.status).toBe('warn');
  });
});

describe('a gateway', () => {
  test.each<[string, Partial<GatewayFacts>, string]>([
    ['asks for none', {}, 'ok'],
    ['asks for one that there is not', { withoutToken: 401 }, 'fail'],
    ['accepts it', { withoutToken: 401, withToken: 200 }, 'ok'],
    ['does not accept it', { withoutToken: 401, withToken: 401 }, 'fail'],
    ['knows no such path', { withoutToken: 404, withToken: 404 }, 'ok'],
  ])('tells of the token that it %s', (_, over, status) => {
    expect(ofToken(over)?.status).toBe(status);
  });
});

describe('a process', () => {
  test('of Node can be profiled, one of Python needs py-spy', () => {
    expect(ofProfile({})?.status).toBe('ok');
    const python = ofProfile({ program: 'python3.11', notAttachable: 'is not Node' });
    expect(python).toMatchObject({ status: 'info', remedy: [expect.stringContaining('pip install py-spy')] });
    expect(ofProfile({ role: 'redis' })).toBeUndefined();
  });

  test('may be profiled by who has the right to, and is told how to get it', () => {
    const python = { program: 'python3.11', notAttachable: 'is not Node', pySpy: '/usr/bin/py-spy' };
    const native = { program: 'redis-server', notAttachable: 'is not Node', perf: true };
    const rights = (capability: number) => ({ ...node.rights, capabilities: 1n << BigInt(capability) });
    expect(ofProfile({ ...python, rights: rights(19) })?.status).toBe('ok');
    expect(ofProfile({ ...python, rights: { ...node.rights, ptraceScope: 0 } })?.status).toBe('ok');
    expect(ofProfile(python)).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('kernel.yama.ptrace_scope is 1'),
      remedy: [expect.stringContaining('setcap cap_sys_ptrace+ep /usr/bin/py-spy'), expect.any(String)],
    });
    expect(ofProfile({ ...native, rights: rights(38) })?.status).toBe('ok');
    expect(ofProfile({ ...native, rights: { ...node.rights, perfEventParanoid: 1 } })?.status).toBe('ok');
    expect(ofProfile({ ...native, uid: 7, rights: { ...node.rights, perfEventParanoid: 1 } })?.status).toBe(
      'warn',
    );
    expect(ofProfile(native)?.remedy?.[0]).toContain('setcap cap_perfmon+ep');
    const another = { uid: 33, ownUid: 1000, notAttachable: 'belongs to user id 33' };
    expect(ofProfile(another)).toMatchObject({ status: 'warn', remedy: [expect.stringContaining("'#33'")] });
  });

  test('of another user hides its files', () => {
    const hidden = { ...node, uid: 33, ownUid: 1000, openFiles: null, program: undefined };
    expect(applyChecks('gateway', processChecks, hidden)).toMatchObject([
      { check: 'figures', status: 'warn' },
      { check: 'CPU profile', status: 'warn', remedy: [expect.stringContaining("sudo -u '#33'")] },
    ]);
  });

  test('with few files is told how to get more', () => {
    const few = applyChecks('gateway', processChecks, { ...node, maxOpenFiles: 1024 });
    expect(few).toContainEqual(expect.objectContaining({ check: 'open files', status: 'warn' }));
    expect(
      openFileLimit('Limit  Soft Limit\nMax open files            1024                 4096  files\n'),
    ).toBe(1024);
    expect(openFileLimit('Max open files            unlimited   unlimited   files\n')).toBe(Infinity);
  });
});

test('a Redis that refuses commands is told the whole line that allows them', () => {
  const facts = { user: 'lab', version: '7', refused: ['slowlog len'], misses: 0, clock: undefined };
  expect(applyChecks('redis', redisChecks, facts)).toContainEqual(
    expect.objectContaining({
      status: 'fail',
      found: 'not allowed: slowlog len',
      remedy: [expect.stringMatching(/^ACL SETUSER lab on .*\+slowlog\|len/)],
    }),
  );
});

describe('an access log', () => {
  test.each([
    ['times of both', '1.2.3.4 - "GET /" 200 rt=0.012 uct="0.000" urt="0.010"\n', 'ok'],
    ['times of both in JSON', '{"request_time":0.012,"upstream_response_time":"0.010"}\n', 'ok'],
    ['times without the upstream', 'GET / rt=0.012\n', 'warn'],
    [
      'no times, as by default',
      '1.2.3.4 - - [28/Nov/2026:01:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n',
      'warn',
    ],
    ['no lines', '\n', 'warn'],
  ])('with %s', (_, text, status) => {
    expect(judgeAccessLog(text).status).toBe(status);
  });
});
