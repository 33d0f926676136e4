import { describe, expect, test } from 'vitest';
import { without } from '../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../test/support/synthetic-run.ts';
import { absentArtifacts } from '../diagnose/artifacts.ts';
import { phaseFigures } from './phase-figures.ts';

describe('what each phase was like', () => {
  test('is told of the load only where there was one', () => {
    const requests = figure('requests', syntheticRun());
    expect(requests?.steady).toBeCloseTo(60, 0);
    expect(requests?.baseline).toBeNull();
    expect(figure('failed requests', syntheticRun())?.steady).toBe(0);
  });

  test('adds the processes of a role, and gives counters as their growth', () => {
    const run = syntheticRun({
      change: {
        process: (sample) => ({ ...sample, cpuPercent: 40 }),
        postgres: (sample, second) => ({
          ...sample,
          database: { ...sample.database, xactCommit: second * 30, xactRollback: second * 2 },
        }),
      },
    });
    const [series] = run.process.status === 'ok' ? run.process.value.values() : [];
    if (run.process.status === 'ok') run.process.value.set('gateway-2 (pid 2)', series ?? []);
    expect(figure('CPU: gateway', run)).toEqual({ baseline: 80, ramp: 80, steady: 80, 'cool-down': 80 });
    expect(figure('transactions', run)?.steady).toBe(32);
  });

  test('leaves out what the lab did itself, also where its connection was made again', () => {
    const alone = syntheticRun({
      change: {
        redis: (sample, second) => ({ ...sample, commands: second * 3, ownCommands: own(second) }),
        nginx: (sample, second) => ({ ...sample, requests: second }),
        postgres: (sample, second) => ({
          ...sample,
          ownTransactions: own(second),
          database: { ...sample.database, xactCommit: second * 3, xactRollback: 0 },
        }),
      },
    });
    for (const title of ['Redis commands', 'requests at nginx', 'transactions']) {
      const byPhase = figure(title, alone) ?? {};
      expect(Object.keys(byPhase)).toContain('steady');
      for (const value of Object.values(byPhase)) expect(value).toBeLessThan(0.2);
    }
  });

  test('leaves the time of a gap out of what is per second', () => {
    const run = syntheticRun({
      change: { redis: (sample, second) => ({ ...sample, commands: second * 100, ownCommands: 0 }) },
    });
    const samples = run.redis.status === 'ok' ? (run.redis.value.get('redis') ?? []) : [];
    const [phase] =
      run.phases.status === 'ok' ? run.phases.value.filter(({ name }) => name === 'steady') : [];
    const startMs = samples.find(({ atMs }) => atMs >= (phase?.startMs ?? 0) + 5000)?.atMs ?? 0;
    const endMs = startMs + 10_000;
    const left = samples.filter(({ atMs }) => atMs <= startMs || atMs >= endMs);
    // It began anew while it was away.
    for (const sample of left.filter(({ atMs }) => atMs >= endMs)) {
      sample.data = { ...sample.data, commands: (sample.atMs - endMs) / 10 + 7 };
    }
    if (run.redis.status === 'ok') run.redis.value.set('redis', left);
    const gap = { source: 'redis', target: 'redis', startMs, endMs, error: 'refused' };
    expect(phaseFigures(run, [gap]).find(({ title }) => title === 'Redis commands')?.byPhase.steady).toBe(
      100,
    );
  });

  test('follows each statement by itself, because the list of the top ones changes', () => {
    const run = syntheticRun({
      change: {
        statements: (sample, second) => ({
          statements: [
            { ...statement(sample), queryId: 'lasting', calls: 10 * second },
            { ...statement(sample), queryId: second % 2 === 0 ? 'even' : 'odd', calls: 1_000_000 },
          ],
        }),
      },
    });
    expect(figure('statements', run)?.steady).toBe(10);
  });

  test('leaves out what no phase tells, and states that no connection had', () => {
    const titles = phaseFigures(without(syntheticRun(), 'log')).map(({ title }) => title);
    expect(titles).not.toContain('errors in logs');
    expect(titles).not.toContain('most connections: disabled');
    expect(titles).toContain('most connections: idle');
    expect(phaseFigures(absentArtifacts('nothing'))).toEqual([]);
  });
});

function figure(title: string, run: ReturnType<typeof syntheticRun>) {
  return phaseFigures(run).find((each) => each.title === title)?.byPhase;
}

/** Counts three a second, and from zero again after half a minute. */
function own(second: number): number {
  return (second < 30 ? second : second - 30) * 3;
}

function statement<T>({ statements }: { statements: T[] }): T {
  const [first] = statements;
  if (first === undefined) throw new Error('the run has no statement');
  return first;
}
