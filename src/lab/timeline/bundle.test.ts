import type { Profile } from '../profile/profile.ts';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleFolder, createBundle } from './bundle.ts';
import { CollectorTallies } from './collector-tallies.ts';
import { readSeries } from './read-bundle.ts';
import type { ProcessSample } from './samples.ts';

const processSample: ProcessSample = {
  pid: 7,
  role: 'gateway',
  cpuPercent: 12.5,
  rssBytes: 1000,
  threads: 3,
  openFiles: 4,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gaugeway-bundle-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function lines(): Promise<unknown[]> {
  const text = await readFile(join(folder, 'series.ndjson'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

describe('a bundle that is being written', () => {
  it('keeps events in order, with what each sample cost', async () => {
    const bundle = await createBundle(folder);
    bundle.phase('baseline', 'start');
    bundle.sample('process', 'gateway', 1.5, processSample);
    bundle.phase('baseline', 'end');
    await bundle.close();
    expect(await lines()).toMatchObject([
      { kind: 'phase', phase: 'baseline', edge: 'start' },
      { kind: 'sample', source: 'process', target: 'gateway', costMs: 1.5, data: processSample },
      { kind: 'phase', phase: 'baseline', edge: 'end' },
    ]);
  });

  it('puts events on disk without being closed, so that a kill keeps them', async () => {
    const bundle = await createBundle(folder);
    bundle.phase('ramp', 'start');
    await expect.poll(lines).toHaveLength(1);
    await bundle.close();
  });

  it('stores profiles and plans as files that the events name', async () => {
    const bundle = await createBundle(folder);
    const of = { pid: 7, thread: 'main', profiler: 'v8' } as const;
    await bundle.profile('gateway-1 (pid 7)', of, emptyProfile(1000, 6000));
    await bundle.profile('gateway-1 (pid 7)', of, emptyProfile(6000, 11_000));
    await bundle.plan({
      queryId: '-42',
      sql: 'select 1',
      mode: 'generic',
      calls: 1,
      meanMs: 1,
      plan: {},
      sequentialScans: [],
    });
    await bundle.close();
    const { events } = await readSeries(folder);
    const windows = events.filter((event) => event.kind === 'profile');
    expect(windows.map((window) => window.file)).toEqual([
      'profiles/gateway-1-pid-7-001.cpuprofile',
      'profiles/gateway-1-pid-7-002.cpuprofile',
    ]);
    expect(await readdir(join(folder, 'profiles'))).toHaveLength(2);
    expect(await readdir(join(folder, 'plans'))).toEqual(['-42.json']);
    expect(await lines()).toMatchObject([
      { kind: 'profile', startMs: 1000, file: windows[0]?.file },
      { kind: 'profile', startMs: 6000, file: windows[1]?.file },
      { kind: 'plan', file: 'plans/-42.json' },
    ]);
  });

  it('counts samples, gaps and mean cost per collector; one that recovers is ok, one that stays lost is not', async () => {
    const bundle = await createBundle(folder);
    bundle.sample('process', 'gateway', 1, processSample);
    bundle.gap('process', 'gateway', new Error('gone for a moment'));
    bundle.sample('process', 'gateway', 3, processSample);
    bundle.gap('postgres', 'db', new Error('connect ECONNREFUSED'));
    await bundle.close();
    const tallies = new CollectorTallies();
    for (const event of (await readSeries(folder)).events) tallies.count(event);
    expect(tallies.list()).toEqual([
      {
        name: 'process',
        target: 'gateway',
        ok: true,
        samples: 2,
        gaps: 1,
        costMs: 2,
        error: 'gone for a moment',
      },
      {
        name: 'postgres',
        target: 'db',
        ok: false,
        samples: 0,
        gaps: 1,
        costMs: 0,
        error: 'connect ECONNREFUSED',
      },
    ]);
  });

  it('hides secrets wherever they stand and stays valid JSON', async () => {
    const bundle = await createBundle(folder);
    bundle.gap('postgres', 'postgres://app:hunter2@db/x', new Error('where token = "hunter2" failed'));
    bundle.sample('prometheus', 'gateway', 1, { metrics: { 'calls{token="hunter2"}': 3 } });
    await bundle.close();
    expect(await lines()).toHaveLength(2);
    expect(await readFile(join(folder, 'series.ndjson'), 'utf8')).not.toContain('hunter2');
  });

  it('refuses a folder that already holds a run', async () => {
    const bundle = await createBundle(folder);
    await bundle.close();
    await expect(createBundle(folder)).rejects.toMatchObject({
      code: 'usage',
      message: `${folder} already holds a run; choose another folder`,
    });
  });

  it('refuses a folder that cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(createBundle(join(folder, 'file', 'run'))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^the run cannot be written to .*ENOTDIR/),
    });
  });
});

describe('the default folder', () => {
  it('sorts by time and is safe as a name', () => {
    expect(bundleFolder('My stack: v2!', Date.UTC(2026, 2, 1, 10, 0, 5))).toBe(
      join('runs', '2026-03-01T10-00-05-my-stack-v2'),
    );
  });
});

function emptyProfile(startMs: number, endMs: number): Profile {
  const part = { interval: 1000, frames: [], nodes: [], samples: [] };
  return { name: 'gateway', unit: 'microseconds', order: 'time', startMs, endMs, ...part };
}
