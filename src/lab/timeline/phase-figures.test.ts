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

function statement<T>({ statements }: { statements: T[] }): T {
  const [first] = statements;
  if (first === undefined) throw new Error('the run has no statement');
  return first;
}
