import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import type { GeneratorVitals, LoadSample, ObservedLoad, WorkerVitals } from '../../../timeline/samples.ts';
import { diagnose } from '../../diagnose.ts';
import { generatorSaturated } from './generator-saturated.ts';

const vitals =
  (changed: Partial<GeneratorVitals>, inSecond: (second: number) => boolean = () => true) =>
  (sample: LoadSample, second: number): LoadSample =>
    inSecond(second) ? { ...sample, generator: { ...sample.generator, ...changed } } : sample;

const busyIn = (inSecond: (second: number) => boolean): string =>
  judge(
    generatorSaturated,
    syntheticRun({ seconds: 10, change: { load: vitals({ cpuPercent: 95 }, inSecond) } }),
  ).verdict;

describe('generator-saturated', () => {
  describe.for([
    ['uses nearly all of its core', { cpuPercent: 97 }],
    ['has a delayed event loop', { eventLoopDelayP99Ms: 130 }],
    ['starts a third of its requests late', { lateStarts: 20, plannedStarts: 60 }],
    ['has nearly all of its files open', { openFiles: 990, maxOpenFiles: 1000 }],
    ['has no local ports left', { exhaustedConnects: 2 }],
  ] as const)('a generator that %s', ([, changed]) => {
    test.for(noiseLevels)('is named at noise %d', (noise) => {
      const verdicts = seeds.map(
        (seed) =>
          judge(generatorSaturated, syntheticRun({ noise, seed, change: { load: vitals(changed) } })).verdict,
      );
      expect(verdicts).toEqual(seeds.map(() => 'fail'));
    });
  });

  test('warns when that happens in a fifth of the seconds, and leaves a single second alone', () => {
    expect(busyIn((second) => second % 4 === 0)).toBe('warn');
    expect(busyIn((second) => second === 9)).toBe('pass');
  });

  test.for([
    ['uses 85 % of its core', { cpuPercent: 85 }],
    ['has an event loop that is delayed a little', { eventLoopDelayP99Ms: 70 }],
    ['starts a tenth of its requests late', { lateStarts: 7, plannedStarts: 60 }],
    ['has most of its files open', { openFiles: 850, maxOpenFiles: 1000 }],
  ] as const)('warns, without a veto, of a generator that %s', ([, changed]) => {
    const { verdict, title } = findingOf(
      generatorSaturated,
      syntheticRun({ change: { load: vitals(changed) } }),
    );
    expect(verdict).toBe('warn');
    expect(title).toContain('disturbed');
  });

  test('is not impressed by what happens before the steady phase', () => {
    const change = { load: vitals({ cpuPercent: 100 }, (second) => second <= 5) };
    expect(judge(generatorSaturated, syntheticRun({ change })).verdict).toBe('pass');
  });

  test('says which limit was passed, and by how much', () => {
    const { evidence, value } = findingOf(
      generatorSaturated,
      syntheticRun({ change: { load: vitals({ cpuPercent: 97 }) } }),
    );
    expect(evidence[0]?.text).toContain('used 97 % of one core');
    expect(value).toBe(100);
  });

  test('names the process that is short of sockets, and vetoes what rests on latencies', () => {
    const change = {
      load: (sample: LoadSample) => ({
        ...sample,
        generators: [
          { ...sample.generator, pid: 7, users: 5 },
          { ...sample.generator, pid: 8, users: 5, exhaustedConnects: 3 },
        ],
      }),
    };
    const { evidence, advice } = findingOf(generatorSaturated, syntheticRun({ seconds: 10, change }));
    expect(evidence[0]?.text).toBe(
      'Generator process 8 could not make 30 connections for want of a file or a local port; over its limit in 100 % of 10 seconds (sockets).',
    );
    expect(advice[1]).toContain('ulimit -n');
    const { notChecked } = diagnose(syntheticRun({ seconds: 10, change }));
    expect(notChecked.map(({ ruleId }) => ruleId)).toContain('slow-upstream');
  });

  test('is not checked without load', () => {
    expect(judge(generatorSaturated, without(syntheticRun(), 'load')).verdict).toBe('not-checked');
  });
});

const driven =
  (workers: WorkerVitals[]) =>
  ({ generator: _ours, ...sample }: LoadSample): ObservedLoad => ({ ...sample, workers });

const workers = (cpuPercent: number): WorkerVitals[] => [
  { name: 'w1', cpuPercent: 20 },
  { name: 'w2', cpuPercent },
];

describe('of another tool that drives the load', () => {
  test('nothing is said when it does not tell how busy it is', () => {
    expect(judge(generatorSaturated, syntheticRun({ change: { load: driven([]) } }))).toEqual({
      verdict: 'not-checked',
      reason: 'the tool that drives the load does not say how busy it is',
    });
  });

  test('the busiest worker is judged by its CPU, and the rest is said to be unknown', () => {
    const busy = findingOf(generatorSaturated, syntheticRun({ change: { load: driven(workers(97)) } }));
    expect(busy.verdict).toBe('fail');
    const idle = findingOf(generatorSaturated, syntheticRun({ change: { load: driven(workers(30)) } }));
    expect(idle.verdict).toBe('pass');
    expect(idle.counterEvidence.map(({ text }) => text)).toEqual([
      'The tool that drives the load does not tell its sockets.',
      'The tool that drives the load does not tell its event loop.',
      'The tool that drives the load does not tell its late starts.',
    ]);
  });
});
