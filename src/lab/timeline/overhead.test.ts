import { describe, expect, test } from 'vitest';
import { syntheticRun } from '../../../test/support/synthetic-run.ts';
import type { ArtifactSlots } from '../diagnose/artifacts.ts';
import { overheadOf } from './overhead.ts';

describe('what watching cost', () => {
  test('is the CPU of the lab and the time of the database, without a word when both are small', () => {
    expect(overheadOf(run([1, 2, 3], 2))).toEqual({
      labCpuPercent: { mean: 2, p95: 2.9 },
      profilingCpuPercent: null,
      profilersCpuPercent: null,
      databaseMsPerTick: { mean: 2, p95: 2 },
      exceeded: [],
    });
  });

  test('is said when it is more than the budget', () => {
    expect(overheadOf(run([3, 4], 6)).exceeded).toEqual([
      'more than 3 % of a core',
      'more than 5 ms of PostgreSQL for each look',
    ]);
  });

  test('does not count the fetching of a CPU profile as sampling', () => {
    const window = { target: 'gateway', pid: 1, startMs: 0, endMs: 2000, file: 'profiles/1.cpuprofile' };
    const profile = {
      name: 'gateway',
      unit: 'microseconds' as const,
      order: 'time' as const,
      startMs: 0,
      endMs: 2000,
      interval: 1000,
      frames: [],
      nodes: [],
      samples: [],
    };
    const slots = run([1, 40, 40, 40, 1], 2);
    const overhead = overheadOf({
      ...slots,
      profiles: { status: 'ok', value: [{ ...window, profile }] },
    });
    expect(overhead).toMatchObject({
      labCpuPercent: { mean: 1 },
      profilingCpuPercent: { mean: 40 },
      exceeded: [],
    });
  });

  test('names what the programs that profile used, in the seconds in which they ran', () => {
    const slots = run([1, 1, 1], 2);
    const [target = '', samples = []] = (slots.lab.status === 'ok' ? [...slots.lab.value] : [])[0] ?? [];
    const profiled = samples.map((sample, at) => ({
      ...sample,
      data: { ...sample.data, profilersCpuPercent: at === 0 ? 0 : 10 * at },
    }));
    const lab = { status: 'ok' as const, value: new Map([[target, profiled]]) };
    expect(overheadOf({ ...slots, lab }).profilersCpuPercent).toEqual({ mean: 15, p95: 19.5 });
  });

  test('is not known of a run that did not watch itself', () => {
    expect(overheadOf({ ...syntheticRun(), postgres: { status: 'absent', reason: 'none' } })).toEqual({
      labCpuPercent: null,
      profilingCpuPercent: null,
      profilersCpuPercent: null,
      databaseMsPerTick: null,
      exceeded: [],
    });
  });
});

function run(cpuPercents: number[], serverMs: number): ArtifactSlots {
  const lab = cpuPercents.map((cpuPercent, at) => ({
    atMs: (at + 1) * 1000,
    data: { cpuPercent, rssBytes: 1, eventLoopDelayP99Ms: 0, eventLoopDelayMaxMs: 0 },
  }));
  return {
    ...syntheticRun({ change: { postgres: (sample) => ({ ...sample, serverMs }) } }),
    lab: { status: 'ok', value: new Map([['gaugeway (pid 1)', lab]]) },
  };
}
