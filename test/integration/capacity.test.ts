import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Capacity } from '../../src/lab/capacity/capacity-schema.ts';
import { type RunDocument, runDocumentSchema } from '../../src/lab/run-document.ts';
import { type CommandOptions, type CommandResult, gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { emptyFolder, type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * Eight places of 200 ms each: 40 calls a second and no more, however fast the machine is. Against these times the
 * milliseconds are few by which a busy machine wakes users and the server too late.
 */
const atOnce = 8;
const serviceMs = 200;
const thinkMs = 600;
/** Random, as users that ask in step with each other make uneven seconds. */
const think = '400ms-800ms';
const knownRps = (atOnce * 1000) / serviceMs;
/** N* = c·(s + Z) / s */
const knownKneeUsers = (atOnce * (serviceMs + thinkMs)) / serviceMs;

const quick = ['--settle', '1s', '--step', '3s', '--hold', '3s', '--baseline', '100ms'];
const users = ['--scenario', 'mcp-tools', '--think', think, '--spawn-rate', '20'];

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function capacity(
  name: string,
  args: string[],
  options: CommandOptions = {},
): Promise<{ run: string; result: CommandResult; runIds: ReadonlySet<string> }> {
  await using server = await CountingMcpServer.start({ health: 200, concurrency: { atOnce, serviceMs } });
  const run = await emptyFolder(folder.path, name);
  const all = ['capacity', '--target', server.url, ...users, ...quick, '--out', run, ...args];
  return { run, result: await gaugeway(all, options), runIds: server.runIds };
}

/**
 * A run whose generator had the machine that it needs: one that says of itself that it had not, because other programs
 * took it, proves nothing and is made again.
 */
async function undisturbedCapacity(
  name: string,
  args: string[],
): Promise<{ run: string; result: CommandResult; document: RunDocument & { capacity: Capacity } }> {
  for (let attempt = 1; ; attempt += 1) {
    const { run, result } = await capacity(`${name}-${attempt}`, args);
    const document = await documentOf(run);
    if (document.capacity.limit?.layer !== 'generator' || attempt === 3) return { run, result, document };
  }
}

async function documentOf(run: string): Promise<RunDocument & { capacity: Capacity }> {
  const document = runDocumentSchema.parse(JSON.parse(await readFile(join(run, 'run.json'), 'utf8')));
  if (document.capacity === undefined) throw new Error('the run has no capacity');
  return { ...document, capacity: document.capacity };
}

function apart(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(a, b);
}

describe.concurrent('gaugeway capacity on a server with a limit on concurrency', { timeout: 300_000 }, () => {
  it('is within 10 % of the known answer, twice, and the two within 10 % of each other', async () => {
    const runs = await Promise.all([
      undisturbedCapacity('first', [
        '--start-users',
        '10',
        '--threshold',
        'rps>30/s',
        '--threshold',
        'error_rate<1%',
      ]),
      undisturbedCapacity('second', ['--start-users', '12', '--threshold', `rps>${2 * knownRps}/s`]),
    ]);
    const found = runs.map(({ document }) => document);
    const answers = found.map(({ capacity: { answer, knee } }) => ({
      rps: answer?.rps ?? NaN,
      kneeUsers: knee?.users ?? NaN,
    }));
    process.stdout.write(
      `known: ${knownRps}/s, ${knownKneeUsers} users; found: ${JSON.stringify(answers)}\n`,
    );
    for (const { rps, kneeUsers } of answers) {
      expect(apart(rps, knownRps)).toBeLessThan(0.1);
      expect(apart(kneeUsers, knownKneeUsers)).toBeLessThan(0.1);
    }
    const [first, second] = answers;
    expect(apart(first?.rps ?? NaN, second?.rps ?? NaN)).toBeLessThan(0.1);
    expect(apart(first?.kneeUsers ?? NaN, second?.kneeUsers ?? NaN)).toBeLessThan(0.1);

    for (const { capacity: result, phases } of found) {
      expect(result.ended).toBe('throughput');
      expect(result.answer?.atLeast).toBe(false);
      expect(result.fits[0]?.model.kind).toBe('bounds');
      expect(result.limit?.layer).toBe('unknown');
      expect(result.steps.filter(({ role }) => role === 'hold')).toHaveLength(1);
      expect(phases.map(({ name }) => name)).toEqual(['baseline', 'ramp', 'steady', 'cool-down']);
    }
    // A limit on rps is held against the capacity: the first is kept, the second is twice what the server can do.
    expect(runs.map(({ result: { code } }) => code)).toEqual([0, 1]);
    expect(found.map(({ thresholds }) => thresholds?.map(({ passed }) => passed))).toEqual([
      [true, true],
      [false],
    ]);

    const { run, result } = runs[0] ?? { run: '', result: { stdout: '' } };
    expect(result.stdout).toMatch(/^This stack holds (3|4)\d(\.\d)? requests\/s, reached with \d+ users;/m);
    expect(result.stdout).toMatch(/┤.*●/);
    for (const line of result.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const files = (): Promise<Buffer[]> =>
      Promise.all(['run.json', 'report.html'].map((name) => readFile(join(run, name))));
    const before = await files();
    expect((await gaugeway(['diagnose', run])).code).toBe(0);
    expect(await files()).toEqual(before);
  });

  it('says so when not even one user is served within a threshold, and fails', async () => {
    const { run, result, runIds } = await capacity('none', [
      '--start-users',
      '2',
      '--threshold',
      'max<0.001ms',
    ]);
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/^Not even \d users? can be served within max<0\.001ms\.$/m);
    const document = await documentOf(run);
    expect(document.capacity).toMatchObject({ ended: 'threshold', answer: null });
    expect(new Set(document.capacity.steps.map((step) => step.users))).toEqual(new Set([2, 1]));
    expect(document.thresholds?.map(({ passed }) => passed)).toEqual([false]);
    // The requests say which run they belong to.
    expect([...runIds]).toEqual([document.id]);
  });

  it('keeps what was measured when it is interrupted', async () => {
    const { run, result } = await capacity('interrupted', ['--start-users', '2'], {
      interruptWhen: /users +req\/s[^\n]*\n +2 [^\n]*\n/,
    });
    expect(result.code).toBe(130);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    const document = await documentOf(run);
    expect(document.interrupted).toBe(true);
    expect(document.capacity).toMatchObject({ ended: 'interrupted', limit: null });
    expect(document.capacity.steps[0]?.users).toBe(2);
    expect((await stat(join(run, 'report.html'))).size).toBeGreaterThan(0);
  });
});

describe('gaugeway capacity without a target', { timeout: 120_000 }, () => {
  it('measures a stack of its own, and prints the result document', async () => {
    const run = await emptyFolder(folder.path, 'embedded');
    const args = ['--max-users', '4', ...quick, '--out', run, '--json'];
    const { code, stdout } = await gaugeway(['capacity', ...args], {
      env: { GAUGEWAY_DATA: join(folder.path, 'data') },
    });
    const document = runDocumentSchema.parse(JSON.parse(stdout));
    const { ended, answer, limit, steps = [] } = document.capacity ?? {};
    // A machine that is busy with other things may leave too little to the generator: the run then says so, and fails.
    expect({ code, limit, ended, answer }).toMatchObject(
      limit?.layer === 'generator'
        ? {
            code: 1,
            limit: { ruleId: 'generator-saturated' },
            ended: expect.stringMatching(/^(max-users|generator)$/),
          }
        : { code: 0, limit: null, ended: 'max-users', answer: { users: 4, atLeast: true } },
    );
    expect(new Set(steps.map((step) => step.users))).toEqual(new Set([1, 2, 4]));
    for (const { busiest } of steps) expect(busiest).not.toBeNull();
    expect(document.collectors.filter(({ ok }) => !ok)).toEqual([]);
  });
});
