import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { spawnReady } from '../../src/shared/spawn-ready.ts';
import type { ReadyProcess } from '../../src/shared/spawn-ready.ts';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { testDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testSecret, testToken, toolCall } from './running-gateway.ts';

// Each test starts processes, and machines differ.
vi.setConfig({ testTimeout: 90_000 });

const mainFile = join(import.meta.dirname, '../../src/main.ts');
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** Runs a command to its end. */
async function run(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [mainFile, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const code = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  return { stderr: await text(child.stderr), code: await code };
}

async function serve(args: string[], env: Record<string, string> = {}): Promise<ReadyProcess> {
  const gateway = await spawnReady({
    name: 'gateway',
    command: process.execPath,
    args: [mainFile, 'serve', '--port=0', ...args],
    env: { JWT_SECRET_KEY: testSecret, DATABASE_URL: undefined, ...env },
  });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

async function withSlowTool(): Promise<{
  gateway: ReadyProcess;
  dsn: string;
  call: (ms: number) => Promise<Response>;
}> {
  const database = await testDatabase();
  cleanUps.push(async () => database[Symbol.asyncDispose]());
  const fixture = await startUpstreamFixture({ port: 0 });
  cleanUps.push(() => fixture.close());
  const { dsn } = database;
  const gateway = await serve([`--register=demo=${fixture.url}`], { DATABASE_URL: dsn });
  await vi.waitFor(async () => expect((await fetch(`${gateway.url}/ready`)).status).toBe(200), {
    timeout: 15_000,
  });
  const token = await testToken();
  const call = (ms: number): Promise<Response> => {
    const init = toolCall('demo-slow', { delay_ms: ms });
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(`${gateway.url}/mcp`, { ...init, headers });
  };
  return { gateway, dsn, call };
}

async function inFlight(url: string): Promise<string> {
  const headers = { authorization: `Bearer ${await testToken()}` };
  return (await fetch(`${url}/metrics/prometheus`, { headers })).text();
}

describe('gaugeway serve', () => {
  test('refuses to be reachable from elsewhere without authentication, in one line', async () => {
    const { code, stderr } = await run(['serve', '--host', '0.0.0.0']);
    expect(code).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'gaugeway: refusing to bind 0.0.0.0 without authentication: set JWT_SECRET_KEY, or bind 127.0.0.1',
    ]);
  });

  test('an unreachable PostgreSQL is one line with host and port, and exit code 3', async () => {
    const { code, stderr } = await run(['serve', '--pg', 'postgres://someone:s3cret@127.0.0.1:9/db']);
    expect(code).toBe(3);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'gaugeway: cannot use PostgreSQL at 127.0.0.1:9: connect ECONNREFUSED 127.0.0.1:9',
    ]);
  });

  test('a port that is taken is one line, and exit code 2', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, stderr } = await run(['serve', '--storage', 'memory', '--port', String(port)]);
    taken.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gaugeway: cannot listen at 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/);
  });

  test.each([
    [['serve', '--port', 'abc'], '--port'],
    [['serve', '--register', 'nonsense'], '--register'],
    [['serve', '--nonsense'], '--nonsense'],
    [['sreve'], 'sreve'],
  ])('%j is wrong usage', async (args, named) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toContain(named);
    expect(stderr).not.toContain('    at ');
  });

  test('on SIGTERM a call in flight is answered and written, new connections are refused, the exit code is 0', async () => {
    const { gateway, dsn, call } = await withSlowTool();
    const answer = call(5000);
    await vi.waitFor(async () => expect(await inFlight(gateway.url)).toContain('requests_in_flight 2'), {
      timeout: 5000,
    });
    process.kill(gateway.pid, 'SIGTERM');
    await vi.waitFor(() => expect(fetch(`${gateway.url}/health`)).rejects.toThrow(), { timeout: 20_000 });
    expect(await (await answer).json()).toMatchObject({ result: { content: [{ type: 'text' }] } });
    expect(await gateway.exited).toMatchObject({ code: 0, signal: null });
    expect(await query(dsn, 'select is_success from tool_metrics')).toEqual([{ is_success: true }]);
  });

  test('a second signal ends it at once', async () => {
    const { gateway, call } = await withSlowTool();
    const answer = call(20_000);
    await vi.waitFor(async () => expect(await inFlight(gateway.url)).toContain('requests_in_flight 2'), {
      timeout: 5000,
    });
    const failed = expect(answer).rejects.toThrow();
    process.kill(gateway.pid, 'SIGTERM');
    await vi.waitFor(() => expect(fetch(`${gateway.url}/health`)).rejects.toThrow(), { timeout: 20_000 });
    process.kill(gateway.pid, 'SIGTERM');
    expect(await gateway.exited).toMatchObject({ code: 130 });
    await failed;
  });

  test('with --exit-with-parent it ends with the one who started it, killed or not', async () => {
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { spawn } from 'node:child_process';
         const args = [${JSON.stringify(mainFile)}, 'serve', '--port=0', '--storage=memory', '--exit-with-parent'];
         spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'ignore'], detached: true });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const line = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    const { pid } = Object(JSON.parse(line));
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 20_000 });
  });

  test('with --exit-with-parent it also ends when it is told to, while the parent holds its stdin open', async () => {
    const args = ['serve', '--port=0', '--storage=memory', '--exit-with-parent'];
    const child = spawn(process.execPath, [mainFile, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('without a DSN it runs a PostgreSQL of its own, which ends with it and keeps what was registered', async () => {
    const temporary = await temporaryFolder();
    cleanUps.push(async () => temporary[Symbol.asyncDispose]());
    const folder = temporary.path;
    const fixture = await startUpstreamFixture({ port: 0 });
    cleanUps.push(() => fixture.close());
    const headers = { authorization: `Bearer ${await testToken()}` };
    const toolsOf = async (url: string): Promise<unknown> =>
      (await fetch(`${url}/tools`, { headers })).json();

    const first = await serve([`--register=demo=${fixture.url}`], { GAUGEWAY_DATA: folder });
    await vi.waitFor(async () => expect(await toolsOf(first.url)).toHaveLength(5), { timeout: 30_000 });
    process.kill(first.pid, 'SIGTERM');
    expect(await first.exited).toMatchObject({ code: 0 });

    const second = await serve([], { GAUGEWAY_DATA: folder });
    expect(await toolsOf(second.url)).toHaveLength(5);
  });
});

describe('gaugeway token', () => {
  test('mints what the gateway accepts, and says what is missing', async () => {
    const gateway = await serve(['--storage=memory']);
    const child = spawn(process.execPath, [mainFile, 'token', '--sub', 'alice', '--exp', '5m'], {
      env: { ...process.env, JWT_SECRET_KEY: testSecret },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const token = (await text(child.stdout)).trim();
    const accepted = await fetch(`${gateway.url}/tools`, { headers: { authorization: `Bearer ${token}` } });
    expect(accepted.status).toBe(200);
    expect(await run(['token', '--sub', ''])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--sub'),
    });
    const missing = await run(['token']);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('JWT_SECRET_KEY') });
  });
});
