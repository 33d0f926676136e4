import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readProfileFile } from '../../src/lab/profile-files/read-profile-file.ts';
import { asSet } from '../../src/lab/profile/profile-set.ts';
import { type ProfileSeries, pushProfiles, type PushOptions } from '../../src/lab/pyroscope/push-profiles.ts';
import { pyroscopeServer } from '../../src/lab/pyroscope/pyroscope-server.ts';
import { runSeries } from '../../src/lab/pyroscope/run-series.ts';
import { createBundle } from '../../src/lab/timeline/bundle.ts';
import { nowMs } from '../../src/shared/clock.ts';
import { gaugeway } from '../support/command-line.ts';
import { PyroscopeReceiver } from '../support/pyroscope-receiver.ts';
import { findProgramIn, title } from '../support/requires.ts';
import { type SampledProgram, startProgram } from '../support/sampled-program.ts';
import { profileWindow } from '../support/synthetic-profile.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const missing = process.platform === 'linux' ? undefined : 'needs /proc of Linux';
const go = findProgramIn(['/usr/local/go/bin'], 'go');
const secret = 'credential-0815';

/** Works for half of its time. */
const program = `
  function hotFunction(ms) { const end = performance.now() + ms; let x = 0; while (performance.now() < end) x += Math.sqrt(x); return x; }
  setInterval(() => hotFunction(40), 80);
  console.log('ready');`;

let receiver: PyroscopeReceiver;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  receiver = await PyroscopeReceiver.start();
  folder = await temporaryFolder();
});

beforeEach(() => {
  receiver.received.length = 0;
  receiver.reply = (response) => response.end();
});

afterAll(async () => {
  await receiver[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Half a second of `parse` below `main`, and half a second of idle time. */
function window(labels: Record<string, string> = {}): ProfileSeries {
  const { profile } = profileWindow(
    [
      { stack: ['main /a.js', 'parse /a.js'], ms: 500 },
      { stack: [], ms: 500 },
    ],
    6400,
  );
  return { labels, set: asSet(profile) };
}

async function push(
  series: readonly ProfileSeries[],
  options: PushOptions = { weight: 'cpu', rateHz: 1000 },
): ReturnType<typeof pushProfiles> {
  const server = await pyroscopeServer({
    url: receiver.url,
    application: 'shop',
    allowRemote: false,
    environment: { PYROSCOPE_AUTH_TOKEN: secret },
  });
  return pushProfiles(server, series, options);
}

describe.skipIf(missing)(`cpu record --pyroscope${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  let busy: SampledProgram;
  beforeAll(async () => {
    busy = await startProgram(process.execPath, ['-e', program]);
  });
  afterAll(() => busy.kill());

  test('pushes CPU time that names the functions, and writes no file', async () => {
    const words = ['cpu', 'record', '--pid', String(busy.pid), '--duration', '1s', '--threads', '--json'];
    const beganMs = nowMs();
    const { code, stdout } = await gaugeway([
      ...words,
      '--pyroscope',
      receiver.url,
      '--pyroscope-name',
      'shop',
    ]);
    expect(code).toBe(0);
    const [pushed] = receiver.received;
    expect(receiver.received).toHaveLength(1);
    expect(pushed?.path).toBe('/ingest');
    expect(pushed?.query['name']).toMatch(
      new RegExp(`^shop\\{hostname=[^,]+,pid=${busy.pid},runtime=node,profiler=v8,thread=main\\}$`),
    );
    expect(pushed?.query).toMatchObject({ sampleRate: '100', spyName: 'gaugeway' });
    expect(pushed?.query).not.toHaveProperty('format');
    expect(Number(pushed?.query['from'])).toBeGreaterThanOrEqual(Math.floor(beganMs / 1000));
    expect(Number(pushed?.query['until'])).toBeLessThanOrEqual(Math.ceil(nowMs() / 1000));
    expect(pushed?.sampleTypes).toEqual(['samples/count', 'cpu/nanoseconds']);
    expect(Number(pushed?.decoded.timeNanos) / 1e9).toBeGreaterThanOrEqual(beganMs / 1000);
    // A tenth less than 10 ms, so that samples are not taken in step with timers.
    expect(Number(pushed?.decoded.period)).toBe(9_001_000);
    expect(pushed?.total.get('hotFunction')).toBeGreaterThan(0);
    expect(pushed?.own.get('(idle)')).toBeUndefined();
    expect(JSON.parse(stdout)).toMatchObject({
      files: [],
      pushed: { to: receiver.url, application: 'shop', profiles: 1, empty: 0 },
    });
  });

  test('keeps the profile where the server does not take it, and does not say the credentials', async () => {
    receiver.reply = (response) => response.writeHead(422).end(`no profiles for ${secret}`);
    const file = join(folder.path, 'kept.folded');
    const words = ['cpu', 'record', '--pid', String(busy.pid), '--duration', '1s', '-o', file];
    const { code, stdout, stderr } = await gaugeway([...words, '--pyroscope', receiver.url], {
      env: { PYROSCOPE_AUTH_TOKEN: secret, PYROSCOPE_TENANT_ID: 'team' },
    });
    expect(code).toBe(3);
    expect(stderr).toContain(`status 422 (no profiles for ***); it is kept in ${file}`);
    expect(stdout + stderr).not.toContain(secret);
    expect(receiver.received[0]?.headers).toMatchObject({
      authorization: `Bearer ${secret}`,
      'x-scope-orgid': 'team',
    });
    expect((await readProfileFile(file)).parts).toHaveLength(1);
  });
});

describe('what is pushed', () => {
  test('is work alone, within whole seconds', async () => {
    expect(await push([window({ pid: '7' }), window({ pid: '8' })])).toMatchObject({ profiles: 2, empty: 0 });
    const [first, second] = receiver.received;
    expect(first?.own).toEqual(new Map([['parse', 500e6]]));
    expect(first?.query).toMatchObject({ name: 'shop{pid=7}', from: '6', until: '8', sampleRate: '1000' });
    expect(second?.query['name']).toBe('shop{pid=8}');
  });

  test.skipIf(go.missing)(title("is read by Go's own tool", go), async () => {
    await push([window()]);
    const file = join(folder.path, 'pushed.pb.gz');
    await writeFile(file, receiver.received[0]?.file ?? '');
    const { stdout } = await promisify(execFile)(go.path ?? '', ['tool', 'pprof', '-top', file]);
    expect(stdout).toContain('Type: cpu');
    expect(stdout).toMatch(/500ms +100% .* parse/);
  });

  test('is what was allocated, which no server takes for CPU time', async () => {
    const { labels, set } = window();
    const parts = set.parts.map(({ label, profile }) => ({
      label,
      profile: { ...profile, unit: 'bytes' as const },
    }));
    await push([{ labels, set: { ...set, parts } }], { weight: 'alloc_space' });
    expect(receiver.received[0]?.sampleTypes).toEqual(['alloc_space/bytes']);
    expect(receiver.received[0]?.own.get('parse')).toBe(500_000);
    expect(receiver.received[0]?.query).not.toHaveProperty('sampleRate');
  });

  test('of a run is each of its windows, by process and with the id of the run', async () => {
    const run = join(folder.path, 'run');
    const bundle = await createBundle(run);
    for (const { profile } of window().set.parts) {
      const of = { pid: 7, thread: 'main', profiler: 'v8', role: 'gateway' } as const;
      await bundle.profile('gateway-1 (pid 7)', of, { ...profile, startMs: 6000, endMs: 7000 });
      await bundle.profile('gateway-1 (pid 7)', of, { ...profile, startMs: 7000, endMs: 8000 });
    }
    await bundle.close();
    expect(await push(await runSeries(run, 'run-1'))).toMatchObject({ profiles: 2 });
    const labels = 'pid=7,profiler=v8,role=gateway,instance=gateway-1,thread=main,run_id=run-1';
    expect(receiver.received.map(({ query }) => query)).toMatchObject([
      { name: expect.stringContaining(labels), from: '6', until: '7' },
      { name: expect.stringContaining(labels), from: '7', until: '8' },
    ]);
  });

  test('is nothing of what did nothing', async () => {
    const { profile } = profileWindow([{ stack: [], ms: 100 }]);
    expect(await push([{ labels: {}, set: asSet(profile) }])).toMatchObject({ profiles: 0, empty: 1 });
    expect(receiver.received).toEqual([]);
  });

  test('goes to no other server than the one that was named', async () => {
    receiver.reply = (response) => response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end();
    await expect(push([window()])).rejects.toThrow(/status 307; a redirect to .*elsewhere is not followed/);
    expect(receiver.received).toHaveLength(1);
  });

  test('ends with the first that is not taken; how many are there is told', async () => {
    receiver.reply = (response) => response.writeHead(receiver.received.length > 1 ? 401 : 200).end();
    const refusal = push([window(), window(), window()]);
    await expect(refusal).rejects.toThrow(/\(1 of 3 are there\).* status 401; credentials come from/);
    await expect(refusal).rejects.toMatchObject({ code: 'unavailable' });
    expect(receiver.received).toHaveLength(2);
  });

  test('is told of in little where the server answers with much', async () => {
    receiver.reply = (response) => response.writeHead(500).end(`lines\n${'of words '.repeat(1e6)}`);
    const error = await push([window()]).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/status 500 \(lines of words/);
    expect(String(error).length).toBeLessThan(500);
  });
});
