import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnReady } from '../../src/shared/spawn-ready.ts';
import { discoverStack } from '../../src/stack/discover/discover.ts';
import { stackFileText } from '../../src/stack/discover/stack-file-text.ts';
import { gaugeway } from '../support/command-line.ts';
import { type PlainStack, plainStackPrograms, startPlainStack } from '../support/plain-stack.ts';
import { title } from '../support/requires.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const noEngine = '/nowhere/docker.sock';
/** PostgreSQL and PgBouncer refuse to run as root: there they belong to a user who must not have root's passwords. */
const ofStranger = process.getuid?.() === 0;
const missing = plainStackPrograms.some((program) => program.missing !== undefined);

describe.skipIf(missing)(title('a stack of plain processes', ...plainStackPrograms), () => {
  let stack: PlainStack;
  const discover = () => discoverStack({ socket: noEngine, target: stack.gatewayUrl });
  const file = async () => stackFileText(await discover());

  beforeAll(async () => {
    stack = await startPlainStack();
  }, 60_000);
  afterAll(() => stack[Symbol.asyncDispose]());

  test('is found around its gateway, by what the gateway was told', async () => {
    const { port } = new URL(stack.postgresDsn);
    const { parts, unreached } = await discover();
    const ours = parts.filter(({ inFile }) => inFile);
    expect(ours.map(({ role, what, where, sure }) => `${role}: ${what} ${where} ${sure}`)).toEqual([
      `gateway: Gaugeway ${new URL(stack.gatewayUrl).host}, pid ${stack.gatewayPid} certain`,
      expect.stringMatching(
        `^postgres: PostgreSQL( \\d+(\\.\\d+)?)? 127\\.0\\.0\\.1:${port}, pid \\d+ ${ofStranger ? 'likely' : 'certain'}$`,
      ),
      expect.stringMatching(
        `^pgbouncer: PgBouncer( [\\d.]+)? 127\\.0\\.0\\.1:${new URL(stack.pgbouncerDsn).port}, pid \\d+ ${ofStranger ? 'likely' : 'certain'}$`,
      ),
      expect.stringMatching(`^redis: Redis [\\d.]+ 127\\.0\\.0\\.1:${stack.redisPort}, pid \\d+ certain$`),
      expect.stringMatching(`^nginx: nginx 127\\.0\\.0\\.1:${stack.nginxPort}, pid \\d+ certain$`),
    ]);
    const why = /user id \d+ listens there, and the password belongs to 0: it is not sent/;
    const refused = { why: expect.stringMatching(why) };
    expect(unreached.filter(({ what }) => !what.startsWith('containers'))).toMatchObject(
      ofStranger ? [refused, refused] : [],
    );
  });

  test('is described with references in place of its passwords, and where each line was found', async () => {
    const text = await file();
    expect(text).not.toContain(stack.password);
    const { port } = new URL(stack.postgresDsn);
    const name = ofStranger ? 'REDIS' : 'PG';
    const from = ofStranger ? 'REDIS_URL' : 'DATABASE_URL';
    expect(text).toContain(
      `# Set before use: GAUGEWAY_${name}_PASSWORD, the password in ${from} of process ${stack.gatewayPid}`,
    );
    expect(text).toContain(`dsn: "postgresql://gaugeway:\${GAUGEWAY_PG_PASSWORD}@127.0.0.1:${port}/mcp"`);
    expect(text).toContain(`url: "redis://:\${GAUGEWAY_REDIS_PASSWORD}@127.0.0.1:${stack.redisPort}/0"`);
    expect(text).toContain(`status: "http://127.0.0.1:${stack.nginxPort}/nginx_status"`);
    expect(text).toContain(`accessLog: "${stack.accessLog}"`);
    expect(text).toMatch(
      ofStranger
        ? /# a PostgreSQL listens on port \d+ \(process \d+\), but did not let us in/
        : /# PostgreSQL \d+.*, process \d+; got in with the password in DATABASE_URL/,
    );
  });

  test('is written once, for its owner only, and then not without being told', async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, 'stack.yaml');
    const args = ['discover', '--target', stack.gatewayUrl, '--container-socket', noEngine, '--out', out];
    const first = await gaugeway(args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).not.toContain(stack.password);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect((await gaugeway(args)).stdout).toContain('says so already');

    const env = { GAUGEWAY_PG_PASSWORD: stack.password, GAUGEWAY_REDIS_PASSWORD: stack.password };
    const asFound = await readFile(out, 'utf8');
    await writeFile(
      out,
      asFound.replace('# postgres:', 'postgres:').replace(/^#( +dsn: .*@127.*\/mcp")/m, '$1'),
    );
    const look = await gaugeway(['pg', 'connections', '--stack', out, '--json'], { env });
    expect(look).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(look.stdout)).toMatchObject({ command: 'pg connections', verdict: 'ok' });
    const unset = await gaugeway(['pg', 'connections', '--stack', out]);
    expect(unset.code).toBe(2);
    expect(unset.stderr).toMatch(
      /stack\.yaml:\d+: postgres\.dsn: the environment variable GAUGEWAY_PG_PASSWORD is/,
    );

    await writeFile(out, 'name: mine\n', { mode: 0o644 });
    const refused = await gaugeway(args);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('\n- name: mine\n');
    expect(refused.stderr).toContain('--force replaces it');
    expect(await readFile(out, 'utf8')).toBe('name: mine\n');
    expect((await gaugeway([...args, '--force'])).code).toBe(0);
    expect(await readFile(out, 'utf8')).toContain('GAUGEWAY_PG_PASSWORD');
  });

  test('is printed as a file, and as a document', async () => {
    const args = ['discover', '--target', stack.gatewayUrl, '--container-socket', noEngine];
    expect((await gaugeway([...args, '--print'])).stdout).toBe(await file());
    const { stdout } = await gaugeway([...args, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ gateway: { value: stack.gatewayUrl, usable: true } });
    expect(stdout).not.toContain(stack.password);
  });

  test('is looked for at another target in vain', async () => {
    const { unreached, gateway: named } = await discoverStack({
      socket: noEngine,
      target: 'http://127.0.0.1:1',
    });
    expect(named?.value).toBe('http://127.0.0.1:1');
    expect(unreached).toContainEqual({
      what: 'gateway http://127.0.0.1:1',
      why: 'nothing that speaks HTTP listens there',
    });
  });
});

test('the embedded database of gaugeway serve can be looked at with the file', async () => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, 'data');
  await mkdir(data, { mode: 0o711 });
  const gateway = await spawnReady({
    name: 'gateway',
    command: process.execPath,
    args: [join(import.meta.dirname, '../../src/main.ts'), 'serve', '--port=0', '--exit-with-parent'],
    env: { GAUGEWAY_DATA: data, DATABASE_URL: undefined },
    onStderrLine: () => {},
  });
  try {
    const out = join(folder.path, 'stack.yaml');
    const found = await gaugeway([
      'discover',
      '--target',
      gateway.url,
      '--container-socket',
      noEngine,
      '--out',
      out,
    ]);
    expect(found).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(out, 'utf8')).toContain(`\${file:${join(data, 'postgres-password')}}`);
    const look = await gaugeway(['pg', 'connections', '--stack', out]);
    expect(look).toMatchObject({ code: 0, stderr: '' });
    expect(look.stdout).toContain('idle');
  } finally {
    await gateway.stop();
  }
});
