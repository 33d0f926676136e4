import { describe, expect, test } from 'vitest';
import { changedUrl, withoutPassword } from './found.ts';
import { parseIni } from './ini-file.ts';
import { commandPattern } from './local-processes.ts';
import { signatureOfContainer, signatureOfProcess } from './role-table.ts';

describe('a DSN that a gateway was given', () => {
  test('is written with a reference in place of its password, in whatever dialect', () => {
    const secret = withoutPassword('postgresql+psycopg://mcp:s%40cret@db:5432/mcp', 'PG', 'DATABASE_URL');
    expect(secret).toEqual({
      url: 'postgresql://mcp:s%40cret@db:5432/mcp',
      reference: 'postgresql://mcp:${PG}@db:5432/mcp',
      variable: { name: 'PG', meaning: 'the password in DATABASE_URL' },
    });
    const moved = changedUrl(secret ?? { url: '', reference: '' }, (url) => {
      url.host = '127.0.0.1:6432';
      url.pathname = '/pgbouncer';
    });
    expect(moved).toMatchObject({
      url: 'postgresql://mcp:s%40cret@127.0.0.1:6432/pgbouncer',
      reference: 'postgresql://mcp:${PG}@127.0.0.1:6432/pgbouncer',
    });
  });

  test('keeps a file as its reference when it changes, and needs none without a password', () => {
    const reference = 'postgresql://u:${file:/data/pass word}@a:1/x';
    const secret = { url: 'postgresql://u:p@a:1/x', reference };
    const changed = changedUrl(secret, (url) => {
      url.pathname = '/y';
    });
    expect(changed.reference).toBe('postgresql://u:${file:/data/pass word}@a:1/y');
    expect(withoutPassword('redis://cache:6379/0', 'R', 'REDIS_URL')).toEqual({
      url: 'redis://cache:6379/0',
      reference: 'redis://cache:6379/0',
    });
    expect(withoutPassword('not a URL', 'R', 'REDIS_URL')).toBeUndefined();
  });
});

const known = (commandLine: string, ...programs: string[]): string | undefined =>
  signatureOfProcess({ programs, commandLine })?.what;

describe('a part of a stack', () => {
  test.each([
    [
      'ContextForge',
      known('/venv/bin/python /venv/bin/gunicorn mcpgateway.main:app', 'python3.11', 'python'),
    ],
    ['Gaugeway', known('node /opt/gaugeway/bin/gaugeway serve --port 4444', 'node', 'node')],
    ['Redis', known('redis-server 127.0.0.1:6379', 'redis-check-rdb', 'redis-server')],
    [undefined, known('python -m mcpgateway.translate --stdio x', 'python3.11', 'python')],
    [undefined, known('vim postgres.conf', 'vim', 'vim')],
  ])('that is %s is known by its program and its command line', (what, found) => {
    expect(found).toBe(what);
  });

  test.each([
    ['postgres', 'docker.io/library/postgres:18@sha256:0a', 'store', []],
    ['gateway', 'ghcr.io/ibm/mcp-context-forge:1.0.7', 'gateway-2', [4444]],
    ['pgbouncer', 'edoburu/pgbouncer', 'pooler', [6432]],
    ['redis', 'localhost:5000/valkey/valkey:8', 'x', []],
    ['nginx', 'nginx:alpine', 'proxy', [80]],
    ['upstream', 'fast-time-server', 'fast_time_server', [8080]],
    ['redis', 'acme/store', 'store', [6379]],
  ] as const)('that is a container is a %s by image, service or port', (role, image, service, ports) => {
    expect(signatureOfContainer(image, service, ports)?.role).toBe(role);
  });
});

test('an ini file is read as PgBouncer reads it', () => {
  const ini = parseIni(
    '[databases]\n* = host=127.0.0.1 port=5433\n; x\n[pgbouncer]\nListen_Port = 6432\n# y\nstats_users=a, b\n',
  );
  expect(ini.get('databases')?.get('*')).toBe('host=127.0.0.1 port=5433');
  expect(ini.get('pgbouncer')?.get('listen_port')).toBe('6432');
  expect(ini.get('pgbouncer')?.get('stats_users')).toBe('a, b');
});

test('a password in the query is taken out like any other, and what else is secret there is left out', () => {
  const secret = withoutPassword(
    'postgresql:///mcp?user=u&password=s%40cret&sslpassword=a&passfile=/p',
    'PG',
    'X',
    7,
  );
  expect(secret).toEqual({
    url: 'postgresql://:s%40cret@localhost/mcp?user=u',
    reference: 'postgresql://:${PG}@localhost/mcp?user=u',
    variable: { name: 'PG', meaning: 'the password in X' },
    owner: 7,
  });
  expect(withoutPassword('redis://127.0.0.1:6379/0?password=geheim', 'R', 'X')?.reference).toBe(
    'redis://:${R}@127.0.0.1:6379/0',
  );
});

test('a process is found again by its command line, which shows no secret', () => {
  const pattern = commandPattern(['node', 'app.js', '--password', 'hunter', '--port', '80']);
  expect(pattern).toBe(String.raw`^node app\.js --password .* --port 80$`);
  expect('node app.js --password hunter --port 80').toMatch(new RegExp(pattern));
});
