import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Artifacts } from '../../src/lab/diagnose/artifacts.ts';
import { type RunDocument, runDocumentSchema } from '../../src/lab/run-document.ts';
import { readBundle } from '../../src/lab/timeline/read-bundle.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { startEmbeddedStack } from '../../src/stack/embedded-stack.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import type { RunningStack } from '../../src/stack/running-stack.ts';
import { gaugeway } from '../support/command-line.ts';
import { generatorOf } from '../support/generator-process.ts';
import { query } from '../support/query.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const lightLoad = ['--users', '8', '--spawn-rate', '8', '--baseline', '1s', '--cool-down', '1s'];

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function documentOf(run: string): Promise<RunDocument> {
  return runDocumentSchema.parse(JSON.parse(await readFile(join(run, 'run.json'), 'utf8')));
}

/** Profiles of the gateway's main thread in windows of five seconds that fill the steady phase without a gap. */
function expectWindows(profiles: Artifacts['profiles'], { phases, stack }: RunDocument): void {
  const steady = phases.find(({ name }) => name === 'steady');
  const gateway = stack.processes.find(({ role }) => role === 'gateway');
  const windows = profiles.filter(({ pid, thread }) => pid === gateway?.pid && thread === 'main');
  expect(windows.length).toBeGreaterThan(1);
  expect(windows.map(({ profiler, role }) => [profiler, role])).toEqual(windows.map(() => ['v8', 'gateway']));
  for (const [at, { startMs, endMs }] of windows.entries()) {
    const next = windows[at + 1];
    if (next === undefined) continue;
    // Half of a tick before its time is in time.
    expect(endMs - startMs).toBeGreaterThan(4400);
    expect(Math.abs(next.startMs - endMs)).toBeLessThan(1000);
  }
  const wholeMs = (windows.at(-1)?.endMs ?? 0) - (windows[0]?.startMs ?? 0);
  expect(wholeMs).toBeGreaterThan(((steady?.endMs ?? 0) - (steady?.startMs ?? 0)) / 2);
}

async function killGenerator(sessionPid: number): Promise<void> {
  // Some samples first.
  await sleep(3000);
  process.kill(await generatorOf(sessionPid), 'SIGKILL');
}

describe('gaugeway session without a target', { timeout: 90_000 }, () => {
  test('profiles a stack of its own and leaves a bundle that can be analysed again', async () => {
    const run = await emptyFolder(folder.path, 'embedded');
    const { code, stdout, stderr } = await gaugeway(
      ['session', ...lightLoad, '--duration', '7s', '--out', run, '--json'],
      { env: { GAUGEWAY_DATA: join(folder.path, 'data') } },
    );
    expect(stderr).toMatch(/baseline[\s\S]*ramp[\s\S]*steady[\s\S]*cool-down/);
    expect(code).toBe(0);

    const document = runDocumentSchema.parse(JSON.parse(stdout));
    expect(document).toEqual(await documentOf(run));
    expect(document.findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'error')).toEqual([]);
    expect(document.phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady', 'cool-down']);
    expect(document.load.requests).toBeGreaterThan(0);
    expect(document.load.failures).toBe(0);
    expect(document.load.byName.map(({ name }) => name)).toContain('tools/call demo-echo');
    expect(document.collectors.filter(({ ok }) => !ok)).toEqual([]);
    expect(new Set(document.collectors.map(({ name }) => name))).toEqual(
      new Set([
        'lab',
        'load',
        'postgres',
        'statements',
        'host',
        'process',
        'node',
        'cpu-profile',
        'prometheus',
      ]),
    );

    const { profiles } = await readBundle(run);
    if (profiles.status !== 'ok') throw new Error('no CPU profile');
    const files = profiles.value.flatMap(({ profile }) => profile.frames.map((frame) => frame.file));
    expect(files).toContainEqual(expect.stringMatching(/\/src\/gateway\/pipeline\.ts$/));
    expectWindows(profiles.value, document);
    // What the profiling cost, in a figure.
    expect(document.overhead?.profilingCpuPercent?.mean).toBeGreaterThan(0);

    const report = join(run, 'report.html');
    expect((await stat(report)).size).toBeLessThan(1_500_000);
    for (const { pid } of document.stack.processes) expect(isAlive(pid)).toBe(false);

    const before = { document: await readFile(join(run, 'run.json')), report: await readFile(report) };
    expect((await gaugeway(['diagnose', run])).code).toBe(0);
    expect(await readFile(join(run, 'run.json'))).toEqual(before.document);
    expect(await readFile(report)).toEqual(before.report);
  });

  test.each([
    ['while the stack starts', /starting PostgreSQL/],
    ['in the baseline', /baseline/],
    ['in the steady phase', /steady/],
  ])('is interrupted %s: nothing is left running', async (_when, interruptWhen) => {
    const run = await emptyFolder(folder.path, `interrupted-${interruptWhen.source.replaceAll(/\W+/g, '-')}`);
    const { code, stderr } = await gaugeway(['session', ...lightLoad, '--duration', '60s', '--out', run], {
      env: { GAUGEWAY_DATA: join(folder.path, 'data') },
      interruptWhen,
    });
    expect(code).toBe(130);
    expect(stderr).not.toMatch(/^\s+at /m);
    if (interruptWhen.source.startsWith('starting')) return;
    const document = await documentOf(run);
    expect(document.interrupted).toBe(true);
    expect(document.phases.at(-1)?.name).toBe(interruptWhen.source);
    expect((await stat(join(run, 'report.html'))).size).toBeGreaterThan(0);
    for (const { pid } of document.stack.processes) expect(isAlive(pid)).toBe(false);
  });
});

describe('gaugeway session on a target', { timeout: 90_000 }, () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await startEmbeddedStack({
      dataFolder: join(folder.path, 'target'),
      logger: createLogger('warn'),
    });
  }, 60_000);
  afterAll(() => stack.stop());

  function target(): string[] {
    const { gatewayUrl, token = '', postgresDsn = '' } = stack.description;
    return ['--target', gatewayUrl, '--token', token, '--pg', postgresDsn];
  }

  function pidOf(role: string): number {
    const found = stack.description.processes.find((process) => process.role === role);
    if (found === undefined) throw new Error(`the stack has no ${role}`);
    return found.pid;
  }

  test('is ended by a threshold that stays broken, and fails by it', async () => {
    const run = await emptyFolder(folder.path, 'aborted-run');
    const limits = ['--threshold', 'max<0.001ms', '--threshold', 'error_rate<1%', '--abort-on-fail'];
    const args = [...target(), ...lightLoad, '--duration', '10m', ...limits, '--out', run];
    const { code, stdout } = await gaugeway(['session', ...args]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✕ max<0\.001ms .*ended the load/m);
    expect(stdout).toMatch(/^✓ error_rate<1% 0 %$/m);
    const document = await documentOf(run);
    expect(document).toMatchObject({ abortedBy: 'max<0.001ms', interrupted: false });
    expect(document.settings.thresholds).toEqual(['max<0.001ms', 'error_rate<1%']);
    expect(document.thresholds?.map(({ passed, endedTheLoad }) => [passed, endedTheLoad])).toEqual([
      [false, true],
      [true, false],
    ]);
    const files = async (): Promise<Buffer[]> =>
      Promise.all(['run.json', 'report.html'].map((name) => readFile(join(run, name))));
    const before = await files();
    expect((await gaugeway(['diagnose', run])).code).toBe(1);
    expect(await files()).toEqual(before);
  });

  test('watches what it was told of, and nothing secret is written', async () => {
    const run = await emptyFolder(folder.path, 'target-run');
    const watched = ['--pid', String(pidOf('gateway')), '--pid', `postgres=${pidOf('postgres')}`];
    const load = [...lightLoad, '--duration', '6s', '--era', 'modern'];
    const { code, stdout } = await gaugeway(['session', ...target(), ...watched, ...load, '--out', run]);
    expect(code).toBe(0);
    expect(stdout).toContain(run);
    expect(stdout).toMatch(/^Watching cost: [\d.]+ % of a core .*while a CPU profile is/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const { token = '', postgresDsn = '' } = stack.description;
    const password = new URL(postgresDsn).password;
    for (const file of ['run.json', 'series.ndjson', 'report.html']) {
      const text = await readFile(join(run, file), 'utf8');
      expect(text).not.toContain(token);
      expect(text).not.toContain(password);
    }
    expect(isAlive(pidOf('gateway'))).toBe(true);
  });

  test('a process that is not Node is watched, never signalled', async () => {
    const other = spawn('sleep', ['120'], { stdio: 'ignore' });
    await once(other, 'spawn');
    try {
      const run = await emptyFolder(folder.path, 'not-node');
      const load = [...lightLoad, '--duration', '3s', '--pid', `gateway=${other.pid}`];
      const { code } = await gaugeway(['session', ...target(), ...load, '--out', run]);
      expect(code).toBe(0);
      const document = await documentOf(run);
      expect(document.collectors.find(({ name }) => name === 'node')).toMatchObject({
        target: `gateway (pid ${other.pid})`,
        ok: false,
        error: expect.stringMatching(/not.*Node/i),
      });
      expect(document.collectors.find(({ name }) => name === 'process')).toMatchObject({ ok: true });
      expect(other.exitCode).toBeNull();
      expect(other.signalCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('a database that goes away in the middle is a gap: the run goes on, and so do the calls', async () => {
    const run = await emptyFolder(folder.path, 'database-lost');
    const load = [...lightLoad, '--duration', '8s', '--scenario', 'mcp-tools'];
    const { code, stderr } = await gaugeway(['session', ...target(), ...load, '--out', run], {
      when: { seen: /steady/, run: () => shutDatabaseFor(3000) },
    });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(0);
    const document = await documentOf(run);
    const postgres = document.collectors.find(({ name }) => name === 'postgres');
    expect(postgres?.gaps).toBeGreaterThan(0);
    expect(postgres).toMatchObject({ ok: true });
    expect(document.load.failures).toBe(0);
  });

  test('a load generator that dies ends the run, which can still be analysed', async () => {
    const run = await emptyFolder(folder.path, 'generator-died');
    const load = [...lightLoad, '--duration', '60s'];
    const { code, stderr } = await gaugeway(['session', ...target(), ...load, '--out', run], {
      when: { seen: /steady/, run: killGenerator },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /the load generator died \(SIGKILL\); what was collected is kept: gaugeway diagnose /,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    expect((await gaugeway(['diagnose', run])).stdout).toContain('stopped before');
    expect((await documentOf(run)).load.requests).toBeGreaterThan(0);
  });

  /** Throws everybody out of the stack's database and lets nobody in for a while. */
  async function shutDatabaseFor(durationMs: number): Promise<void> {
    const own = new URL(stack.description.postgresDsn ?? '');
    const name = own.pathname.slice(1);
    own.pathname = '/postgres';
    await query(own.href, `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    await query(own.href, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await sleep(durationMs);
    await query(own.href, `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
  }
});
