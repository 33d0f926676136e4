import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { readStackFile, stackFileExists, withoutReferences } from './stack-file.ts';

async function reading(text: string, env: NodeJS.ProcessEnv = {}) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'stack.yaml');
  await writeFile(file, text);
  await writeFile(join(folder.path, 'password'), 'from a file\n');
  return (await readStackFile(file, env)).stack;
}

describe('a stack file', () => {
  test('names the sources of a stack', async () => {
    const stack = await reading(`
gateway: { url: "http://127.0.0.1:4444" }
redis: { url: redis://127.0.0.1:6379/0 }
processes:
  - { role: gateway, port: 4444 }
logs:
  - { role: gateway, file: gateway.log }
limits:
  stats.redis.cpu: 30
`);
    expect(stack).toMatchObject({
      gateway: { url: 'http://127.0.0.1:4444' },
      redis: { url: 'redis://127.0.0.1:6379/0' },
      processes: [{ role: 'gateway', port: 4444 }],
      logs: [{ role: 'gateway', file: 'gateway.log' }],
      limits: { 'stats.redis.cpu': 30 },
    });
  });

  test('takes an escaped reference as plain text, as it is written for what was found', async () => {
    const path = '/tmp/${file:password}/$${NOT_THERE}.log';
    const text = JSON.stringify({ logs: [{ role: 'gateway', file: withoutReferences(path) }] });
    expect((await reading(text)).logs[0]?.file).toBe(path);
  });

  test('takes what is secret from the environment', async () => {
    const stack = await reading('postgres: { dsn: "postgresql://lab:${PG_PASSWORD}@db/mcp" }', {
      PG_PASSWORD: 'open sesame',
    });
    expect(stack.postgres?.dsn).toBe('postgresql://lab:open sesame@db/mcp');
  });

  test('says which variable is not set, and where', async () => {
    await expect(reading('name: x\ngateway:\n  url: "http://a"\n  token: ${NOT_THERE}\n')).rejects.toThrow(
      /stack\.yaml:4: gateway\.token: the environment variable NOT_THERE is not set/,
    );
  });

  test('takes what is secret from a file beside it', async () => {
    const stack = await reading('postgres: { dsn: "postgresql://lab:${file:password}@db/mcp" }');
    expect(stack.postgres?.dsn).toBe('postgresql://lab:from a file@db/mcp');
    await expect(reading('name: x\npostgres:\n  dsn: ${file:nowhere}\n')).rejects.toThrow(
      /stack\.yaml:3: postgres\.dsn: .*nowhere: ENOENT/,
    );
  });

  test.each([
    ['a key that there is not', 'postgress: { dsn: x }', /:1?.*postgress/],
    [
      'a process that is named in two ways',
      'processes:\n  - { role: redis, pid: 1, port: 2 }',
      /:2: processes\.0/,
    ],
    ['a role that there is not', 'processes:\n  - { role: cache, pid: 1 }', /:2: processes\.0\.role/],
    ['a log from nowhere', 'logs:\n  - { role: gateway }', /:2: logs\.0: give one of/],
    ['no YAML', 'gateway: { url', /stack\.yaml:\d+/],
  ])('refuses %s with its line', async (_, text, message) => {
    await expect(reading(text)).rejects.toThrow(message);
  });

  test('may be empty, and need not be there', async () => {
    expect(await reading('')).toEqual({ processes: [], logs: [], limits: {} });
    expect(await stackFileExists('/nowhere/gaugeway.stack.yaml')).toBe(false);
  });
});
