import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunDocument, runDocumentSchema } from '../../src/lab/run-document.ts';
import { sleep } from '../../src/shared/clock.ts';
import { findProcesses } from '../../src/stack/find-processes.ts';
import { gaugeway } from '../support/command-line.ts';
import {
  contextForgeStackPrograms,
  startContextForgeStack,
  type ContextForgeStack,
} from '../support/contextforge-stack.ts';
import { putPySpyOnPath, pySpy } from '../support/py-spy.ts';
import { title } from '../support/requires.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

const programs = [...contextForgeStackPrograms, pySpy];
const missing = programs.some((program) => program.missing);
const lightLoad = ['--users', '3', '--spawn-rate', '3', '--baseline', '2s', '--cool-down', '2s'];
const awayMs = 2000;

const suite = title("a session on the guide's own stack", ...programs);

describe.skipIf(missing)(suite, { timeout: 120_000 }, () => {
  let stack: ContextForgeStack;
  let folder: TemporaryFolder;
  let stackFile: string;

  beforeAll(async () => {
    putPySpyOnPath();
    folder = await temporaryFolder();
    stack = await startContextForgeStack();
    stackFile = join(folder.path, 'gaugeway.stack.yaml');
    await writeFile(stackFile, stack.stackFile());
  }, 200_000);
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  const session = (...args: string[]): string[] => ['session', '--stack', stackFile, ...lightLoad, ...args];

  test('watches every layer through four phases, and prints the samples of the guide', async () => {
    const run = await emptyFolder(folder.path, 'healthy');
    const { code, stdout, stderr } = await gaugeway(
      session('--samples', '2', '--every', '4s', '--scenario', 'realistic', '--out', run),
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /=== SAMPLE 1 ===\nRPS: \d+, slowest: .* avg: [\d,]+ms\nconnections: .*\nCPU: gateway-1 /,
    );
    expect(stdout).toMatch(/=== SAMPLE 2 ===[\s\S]*^Table, over the run +seq scans/m);
    expect(stdout).not.toContain('=== SAMPLE 3 ===');
    for (const line of stdout.split('\n').filter((each) => !each.includes(run))) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
    const document = await documentOf(run);
    expect(document.phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady', 'cool-down']);
    expect(document.settings.durationMs).toBe(8000);
    const figures = document.phaseFigures?.map((figure) => figure.title);
    expect(figures).toEqual(
      expect.arrayContaining([
        'requests',
        'CPU: gateway',
        'CPU: postgres',
        'CPU: pgbouncer',
        'CPU: redis',
        'CPU: nginx',
        'most connections: idle',
        'transactions',
        'statements',
      ]),
    );
    const profiled = document.profiles.filter(({ profiler }) => profiler === 'py-spy');
    const windows = await Promise.all(profiled.map(({ file }) => readFile(join(run, file), 'utf8')));
    expect(windows.some((text) => text.includes('mcpgateway/'))).toBe(true);
    expect(document.overhead?.profilersCpuPercent?.mean).toBeGreaterThan(0);
    expect(document.overhead?.labCpuPercent?.mean).toBeGreaterThan(0);
    expect(document.overhead?.databaseMsPerTick?.mean).toBeGreaterThan(0);
    const failed = document.collectors.filter(({ ok, notApplicable }) => !ok && notApplicable === undefined);
    // ContextForge serves no Prometheus metrics unless it is told to.
    expect(failed.map(({ name }) => name)).toEqual(['prometheus']);
    expect(document.findings.filter(({ verdict }) => verdict === 'error')).toEqual([]);
    for (const file of ['run.json', 'series.ndjson', 'report.html']) {
      const text = await readFile(join(run, file), 'utf8');
      expect(text).not.toContain(stack.token);
      expect(text).not.toContain(new URL(stack.postgresDsn).password);
    }
  });

  test('goes on when PostgreSQL and Redis are away for a while, and a worker is replaced', async () => {
    const run = await emptyFolder(folder.path, 'faults');
    const [, , worker] = await findProcesses([{ role: 'gateway', port: stack.gatewayPort }], (_, message) => {
      throw new Error(message);
    });
    if (worker === undefined) throw new Error('ContextForge has no workers');
    const { stderr } = await gaugeway(session('--duration', '14s', '--scenario', 'realistic', '--out', run), {
      when: {
        seen: /steady/,
        run: async () => {
          process.kill(worker.pid, 'SIGKILL');
          await Promise.all([stack.postgres.stop(), stack.redis.stop()]);
          await sleep(awayMs);
          await Promise.all([stack.postgres.start(), stack.redis.start()]);
        },
      },
    });
    expect(stderr).not.toMatch(/^\s+at /m);
    const { collectors, phases } = await documentOf(run);
    expect(phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady', 'cool-down']);
    const postgres = collectors.find(({ name }) => name === 'postgres');
    expect(postgres?.gaps).toBeGreaterThan(0);
    expect(postgres).toMatchObject({ ok: true });
    const replaced = collectors.find(
      ({ name, target }) => name === 'process' && target.endsWith(`(pid ${worker.pid})`),
    );
    expect(replaced?.error).toMatch(/has ended; process \d+ took its place$/);
    for (const role of ['postgres', 'redis']) {
      const processes = collectors.filter(
        ({ name, target }) => name === 'process' && target.startsWith(role),
      );
      expect(processes.map(({ ok }) => ok)).toEqual([false, true]);
    }
  });

  test('that is killed leaves a bundle that can be analysed', async () => {
    const run = await emptyFolder(folder.path, 'killed');
    const { code } = await gaugeway(session('--duration', '5m', '--scenario', 'realistic', '--out', run), {
      when: {
        // The second line of the phase comes five seconds after the first.
        seen: /steady.*\n(.*\n)*steady.*\n/,
        run: async (pid) => {
          process.kill(pid, 'SIGKILL');
        },
      },
    });
    expect(code).toBeNull();
    const { stdout } = await gaugeway(['diagnose', run]);
    expect(stdout).toContain('The run was stopped before');
    const document = await documentOf(run);
    expect(document.load.requests).toBeGreaterThan(0);
    expect(document.phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady']);
    expect(document.phaseFigures?.length).toBeGreaterThan(5);
  });
});

async function documentOf(run: string): Promise<RunDocument> {
  return runDocumentSchema.parse(JSON.parse(await readFile(join(run, 'run.json'), 'utf8')));
}
