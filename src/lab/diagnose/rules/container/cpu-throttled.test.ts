import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { cpuSaturated } from '../gateway/cpu-saturated.ts';
import { eventLoopBlocked } from '../gateway/event-loop-blocked.ts';
import { cpuThrottled } from './cpu-throttled.ts';

/** Ten periods a second, of which so many stop it. */
const throttled = (perSecond: number, cpuLimitCores: number | null = 0.2, noise = 0, seed = 1) =>
  syntheticRun({
    noise,
    seed,
    change: {
      container: (sample, second) => ({
        ...sample,
        cpuPercent: 20,
        cpuLimitCores,
        throttling:
          cpuLimitCores === null
            ? null
            : {
                periods: second * 10,
                throttledPeriods: second * perSecond,
                throttledMs: second * perSecond * 80,
              },
      }),
    },
  });

describe('cpu-throttled', () => {
  test('fails a container that its limit stops in most periods, and blames the limit', () => {
    const { verdict, title, evidence, advice, impact } = findingOf(cpuThrottled, throttled(9));
    expect(verdict).toBe('fail');
    expect(title).toBe('web is stopped by its CPU limit in 90 % of the periods');
    expect(evidence[0]?.text).toContain('stood still for 720 ms of each second');
    expect(evidence[1]?.text).toBe('It used 20 % of a core of the 20 % that it may.');
    expect(advice[0]).toContain('Raise the CPU limit of web (now 0.2 cores)');
    expect(impact).toBe(0.9);
  });

  test('passes a container that its limit never stops, and one that it stops seldom', () => {
    expect(judge(cpuThrottled, throttled(0)).verdict).toBe('pass');
    expect(judge(cpuThrottled, throttled(0.5)).verdict).toBe('pass');
  });

  test.for(noiseLevels)('tells both apart on a noisy machine, at noise %d', (noise) => {
    const verdicts = (perSecond: number): string[] =>
      seeds.map((seed) => judge(cpuThrottled, throttled(perSecond, 0.2, noise, seed)).verdict);
    expect(verdicts(9)).toEqual(seeds.map(() => 'fail'));
    expect(verdicts(0)).toEqual(seeds.map(() => 'pass'));
  });

  test('is not checked where nothing has a limit, or nothing was watched', () => {
    const reason = 'no container or process with a CPU limit was given';
    expect(judge(cpuThrottled, throttled(9, null))).toEqual({ verdict: 'not-checked', reason });
    const unwatched = without(without(syntheticRun(), 'process'), 'container');
    expect(judge(cpuThrottled, unwatched)).toEqual({ verdict: 'not-checked', reason });
  });
});

describe('a process that the limit of its control group stops', () => {
  const run = syntheticRun({
    change: {
      process: (sample, second) => ({
        ...sample,
        cpuPercent: 20,
        group: {
          cpuLimitCores: 0.2,
          memoryLimitBytes: null,
          pressure: null,
          throttling: { periods: second * 10, throttledPeriods: second * 8, throttledMs: second * 640 },
        },
      }),
      node: (sample) => ({
        ...sample,
        eventLoopUtilization: 0.99,
        eventLoopDelayP99Ms: 180,
        eventLoopDelayMaxMs: 200,
      }),
    },
  });

  test('is found without its container', () => {
    expect(findingOf(cpuThrottled, without(run, 'container'))).toMatchObject({ verdict: 'fail', value: 80 });
  });

  test.each([cpuSaturated, eventLoopBlocked])('is no failure of the gateway itself: $id', (rule) => {
    const { verdict, counterEvidence } = findingOf(rule, run);
    expect(verdict).toBe('warn');
    expect(counterEvidence.at(-1)?.text).toContain(
      'CPU limit of 0.2 cores stopped it in 80 % of the periods',
    );
  });
});
