import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GaugewayError } from '../../src/shared/errors.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { spawnReady } from '../../src/shared/spawn-ready.ts';
import type { StackDescription } from '../../src/shared/stack-description.ts';
import { type EmbeddedStackOptions, startEmbeddedStack } from '../../src/stack/embedded-stack.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import type { RunningStack } from '../../src/stack/running-stack.ts';
import { query } from '../support/query.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function start(options: Partial<EmbeddedStackOptions> = {}): Promise<RunningStack> {
  return startEmbeddedStack({
    dataFolder: join(folder.path, 'data'),
    logger: createLogger('warn'),
    ...options,
  });
}

async function get(stack: StackDescription, path: string, token = stack.token): Promise<Response> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${stack.gatewayUrl}${path}`, { headers });
}

/** Whatever this test process has started and still runs, or runs on its data folder. */
async function leftovers(): Promise<string[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'ppid=,command=']);
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes(folder.path) || line.startsWith(`${process.pid} `))
    .filter((line) => !line.includes('ps -A'));
}

async function failureOf(starting: Promise<RunningStack>): Promise<GaugewayError> {
  const [result] = await Promise.allSettled([starting]);
  if (result.status === 'fulfilled') {
    await result.value.stop();
    throw new Error('expected a failure');
  }
  if (!(result.reason instanceof GaugewayError)) throw result.reason;
  return result.reason;
}

describe('an embedded stack', () => {
  it('is a gateway with the sample server behind it, on a real PostgreSQL', async () => {
    const progress: string[] = [];
    await using stack = await start({ onProgress: (text) => progress.push(text) });
    const { description } = stack;
    expect(description.embedded).toBe(true);
    expect((await get(description, '/health')).status).toBe(200);
    const tools: unknown = await (await get(description, '/tools')).json();
    expect(JSON.stringify(tools)).toContain('"demo-echo"');
    const rows = await query(description.postgresDsn ?? '', 'SELECT count(*)::int AS tools FROM tools');
    expect(rows[0]?.['tools']).toBeGreaterThan(3);
    expect(progress).toEqual([
      'starting PostgreSQL',
      'starting the sample MCP server',
      'starting the gateway',
    ]);
  });

  it('asks for the token that its description holds', async () => {
    await using stack = await start();
    expect((await get(stack.description, '/tools', 'wrong')).status).toBe(401);
    expect((await get(stack.description, '/tools')).status).toBe(200);
  });

  it('asks for none when told so', async () => {
    await using stack = await start({ authenticate: false });
    expect(stack.description.token).toBeUndefined();
    expect((await get(stack.description, '/tools')).status).toBe(200);
  });

  it('names its processes by role, and ends them all', async () => {
    const stack = await start();
    const { processes } = stack.description;
    expect(processes.map(({ role }) => role).toSorted()).toEqual(['gateway', 'postgres', 'upstream']);
    expect(processes.filter(({ pid }) => !isAlive(pid))).toEqual([]);
    await Promise.all([stack.stop(), stack.stop()]);
    expect(processes.filter(({ pid }) => isAlive(pid))).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  it('loads given modules into the gateway and passes options on', async () => {
    const preload = join(folder.path, 'preload.mjs');
    await writeFile(preload, `process.title = 'gaugeway-' + process.env.SAMPLE_FAULT;`);
    await using stack = await start({
      gateway: { imports: [preload], env: { SAMPLE_FAULT: 'sample' }, args: ['--pg-pool-size=3'] },
    });
    const pid = stack.description.processes.find(({ role }) => role === 'gateway')?.pid ?? 0;
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
    expect(stdout).toContain('gaugeway-sample');
  });

  it('does not outlive a parent that is killed', async () => {
    const runner = join(import.meta.dirname, '..', 'support', 'run-embedded-stack.ts');
    const parent = await spawnReady({
      name: 'runner',
      command: process.execPath,
      args: [runner, join(folder.path, 'data')],
    });
    const pids = parent.url.split(',').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    process.kill(parent.pid, 'SIGKILL');
    await parent.exited;
    await expect.poll(() => pids.map(isAlive), { timeout: 20_000 }).toEqual([false, false, false]);
  });
});

describe('a stack that does not come up', () => {
  it('says which process ended, with its last words, and leaves nothing running', async () => {
    const preload = join(folder.path, 'fatal.mjs');
    await writeFile(preload, `console.error('out of luck'); process.exit(3);`);
    const error = await failureOf(start({ gateway: { imports: [preload] } }));
    expect(error.message).toBe('gateway ended with exit code 3: out of luck');
    expect(await leftovers()).toEqual([]);
  });

  it('leaves nothing running when it is interrupted, whenever that is', async () => {
    for (const after of ['starting PostgreSQL', 'starting the sample MCP server', 'starting the gateway']) {
      const interrupt = new AbortController();
      const error = await failureOf(
        start({
          signal: interrupt.signal,
          onProgress: (text) => {
            if (text === after) setTimeout(() => interrupt.abort(), 20);
          },
        }),
      );
      expect(error.code).toBe('interrupted');
      expect(await leftovers()).toEqual([]);
    }
  });
});
