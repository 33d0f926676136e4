import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Capacity } from '../../src/lab/capacity/capacity-schema.ts';
import { saturatedCpuPercent } from '../../src/lab/diagnose/computed/gateway-processes.ts';
import { runDocumentSchema } from '../../src/lab/run-document.ts';
import { type ReadyProcess, spawnReady } from '../../src/shared/spawn-ready.ts';
import { type CommandResult, gaugeway } from '../support/command-line.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** So long that a few users are enough for all of a core, and the generator has next to nothing to do. */
const callCpuMs = 50;
const missing = process.platform === 'linux' ? undefined : 'needs /proc of Linux';

let folder: TemporaryFolder;
let server: ReadyProcess;
beforeAll(async () => {
  folder = await temporaryFolder();
  const program = join(import.meta.dirname, '..', 'support', 'run-cpu-bound-server.ts');
  server = await spawnReady({
    name: 'the server',
    command: process.execPath,
    args: [program, String(callCpuMs)],
  });
});
afterAll(async () => {
  await server.stop();
  await folder[Symbol.asyncDispose]();
});

async function capacity(name: string): Promise<{ result: CommandResult; capacity: Capacity }> {
  const run = await emptyFolder(folder.path, name);
  const load = [
    '--scenario',
    'mcp-tools',
    '--think',
    '100ms-300ms',
    '--spawn-rate',
    '20',
    '--start-users',
    '3',
  ];
  const times = ['--settle', '1s', '--step', '3s', '--hold', '6s', '--baseline', '100ms'];
  const stack = ['--target', server.url, '--pid', `gateway=${server.pid}`];
  const result = await gaugeway(['capacity', ...stack, ...load, ...times, '--out', run]);
  const document = runDocumentSchema.parse(JSON.parse(await readFile(join(run, 'run.json'), 'utf8')));
  if (document.capacity === undefined) throw new Error('the run has no capacity');
  return { result, capacity: document.capacity };
}

/**
 * A run that had the machine that it needs: one whose generator or server had not, because other programs took it, may
 * name what it lacked instead, and is made again.
 */
async function undisturbed(): Promise<{ result: CommandResult; capacity: Capacity }> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await capacity(`cpu-${attempt}`);
    const { limit, steps } = found.capacity;
    const hold = steps.find(({ role }) => role === 'hold');
    const hadACore = (hold?.busiest?.cpuPercent ?? 0) >= saturatedCpuPercent;
    if (hadACore || limit?.ruleId === 'cpu-saturated' || attempt === 3) return found;
  }
}

describe.skipIf(missing)(
  `gaugeway capacity on a gateway with one thread${missing ? ` [skipped: ${missing}]` : ''}`,
  { timeout: 480_000 },
  () => {
    it("names the gateway's CPU as the limit", async () => {
      const { result, capacity: found } = await undisturbed();
      expect(found.ended).toBe('throughput');
      expect(found.limit).toMatchObject({ layer: 'gateway', ruleId: 'cpu-saturated' });
      expect(found.limit?.text).toContain(`gateway (pid ${server.pid})`);
      expect(result.stdout.replaceAll(/\s+/g, ' ')).toContain(`Limit: ${found.limit?.text ?? ''}`);
      // Its answer is what the CPU of a call allows; less where others wanted that CPU too.
      expect(found.answer?.rps).toBeLessThan((1000 / callCpuMs) * 1.05);
      const { answer, steps } = found;
      expect(steps.filter(({ role }) => role === 'ramp').map(({ users }) => users)).toContain(answer?.users);
    });
  },
);
