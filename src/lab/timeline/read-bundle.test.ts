import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fromCpuProfile } from '../profile/from-cpuprofile.ts';
import { createBundle } from './bundle.ts';
import { readBundle, readRunDocument, readSeries } from './read-bundle.ts';

const cpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), hitCount: 0, children: [2] },
    { id: 2, callFrame: frame('work'), hitCount: 2 },
  ],
  startTime: 0,
  endTime: 3000,
  samples: [2, 2],
  timeDeltas: [1000, 2000],
};
function frame(functionName: string): object {
  return { functionName, scriptId: '1', url: 'file:///app/main.ts', lineNumber: 3, columnNumber: 0 };
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gaugeway-bundle-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function writeRun(): Promise<void> {
  const bundle = await createBundle(folder);
  bundle.settings({ users: 10, spawnRate: 5, durationMs: 1000, scenario: 'mcp-mixed' });
  bundle.phase('baseline', 'start');
  bundle.phase('baseline', 'end');
  bundle.phase('steady', 'start');
  bundle.sample('prometheus', 'gateway', 1, { metrics: { up: 1 } });
  bundle.gap('statements', 'db', new Error('pg_stat_statements is not installed'));
  const profile = fromCpuProfile(cpuProfile, { name: 'gateway', startMs: 1000, endMs: 1003 });
  await bundle.profile('gateway', { pid: 7, thread: 'main', profiler: 'v8' }, profile);
  await bundle.close();
}

describe('a bundle that is read back', () => {
  it('gives what was written: settings, phases, samples and profiles', async () => {
    await writeRun();
    const artifacts = await readBundle(folder);
    expect(artifacts.settings).toMatchObject({ status: 'ok', value: { users: 10, scenario: 'mcp-mixed' } });
    expect(artifacts.prometheus.status === 'ok' && artifacts.prometheus.value.get('gateway')).toMatchObject([
      { data: { metrics: { up: 1 } } },
    ]);
    const profile = artifacts.profiles.status === 'ok' ? artifacts.profiles.value[0] : undefined;
    expect(profile).toMatchObject({ target: 'gateway', pid: 7, startMs: 1000, endMs: 1003 });
    expect(profile?.profile.samples).toEqual([
      { node: 1, weight: 1000 },
      { node: 1, weight: 2000 },
    ]);
  });

  it('ends a phase that was cut short at the last thing seen', async () => {
    await writeRun();
    const { phases } = await readBundle(folder);
    expect(phases.status === 'ok' && phases.value.map((phase) => phase.name)).toEqual(['baseline', 'steady']);
    const steady = phases.status === 'ok' ? phases.value[1] : undefined;
    expect(steady?.endMs).toBeGreaterThanOrEqual(steady?.startMs ?? Infinity);
  });

  it('says of each source that is missing whether it was absent or failed, and why', async () => {
    await writeRun();
    const artifacts = await readBundle(folder);
    expect(artifacts.postgres).toEqual({ status: 'absent', reason: 'no PostgreSQL was given' });
    expect(artifacts.statements).toEqual({
      status: 'error',
      error: 'db: pg_stat_statements is not installed',
    });
  });

  it('reads on past a line that a kill cut off and past kinds of a newer version, and counts them', async () => {
    await writeRun();
    const before = await readSeries(folder);
    await appendFile(
      join(folder, 'series.ndjson'),
      '{"kind":"weather","atMs":1}\n{"kind":"sample","atMs":17',
    );
    const after = await readSeries(folder);
    expect(before.skippedLines).toBe(0);
    expect(after).toEqual({ events: before.events, skippedLines: 2 });
  });

  it('names a profile that cannot be read instead of dropping it', async () => {
    await writeRun();
    await writeFile(join(folder, 'profiles/gateway-7-001.cpuprofile'), '{');
    expect((await readBundle(folder)).profiles).toMatchObject({
      status: 'error',
      error: expect.stringContaining('profiles/gateway-7-001.cpuprofile') as unknown,
    });
  });

  it('refuses a folder that holds no run, and one whose run.json is something else', async () => {
    await expect(readBundle(folder)).rejects.toMatchObject({ code: 'usage' });
    await writeFile(join(folder, 'run.json'), '{"schemaVersion":99}');
    await expect(readRunDocument(folder)).rejects.toMatchObject({ code: 'usage' });
  });
});
