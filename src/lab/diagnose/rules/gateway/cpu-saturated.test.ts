import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { profileWindow } from '../../../../../test/support/synthetic-profile.ts';
import { syntheticRun, type SyntheticRunOptions } from '../../../../../test/support/synthetic-run.ts';
import { cpuSaturated } from './cpu-saturated.ts';

const busy = (cpuPercent: number, eventLoopUtilization: number): SyntheticRunOptions => ({
  change: {
    process: (sample) => ({ ...sample, cpuPercent }),
    node: (sample) => ({ ...sample, eventLoopUtilization }),
  },
});

const render = ['handle /app/src/server.ts', 'render /app/src/render.ts'];
const profiles = [
  profileWindow([
    { stack: render, ms: 300 },
    { stack: [...render, 'JSON.stringify'], ms: 100 },
    { stack: [], ms: 50 },
  ]),
];

describe('cpu-saturated', () => {
  test.for(noiseLevels)('fails a gateway that uses up its core, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) => judge(cpuSaturated, syntheticRun({ ...busy(98, 0.99), noise, seed })).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('names the hottest function and its share', () => {
    const { title, evidence } = findingOf(cpuSaturated, syntheticRun({ ...busy(98, 0.99), profiles }));
    expect(title).toContain('most of it in render (src/render.ts:7)');
    expect(evidence.map(({ text }) => text)).toContain(
      'render (src/render.ts:7): 75 % of the CPU time itself, 100 % with what it calls.',
    );
  });

  test('names the kinds of work that took it', () => {
    const serialise = profileWindow([
      { stack: [...render, 'JSON.stringify'], ms: 300 },
      { stack: [...render, 'parse /app/node_modules/zod/index.js'], ms: 100 },
      { stack: render, ms: 600 },
    ]);
    const { evidence } = findingOf(cpuSaturated, syntheticRun({ ...busy(98, 0.99), profiles: [serialise] }));
    expect(evidence.map(({ text }) => text)).toContain(
      'By kind of work, of the CPU time: 30 % JSON, 10 % validation.',
    );
  });

  test('warns when the CPU is used outside the event loop', () => {
    const { verdict, counterEvidence } = findingOf(cpuSaturated, syntheticRun(busy(120, 0.3)));
    expect(verdict).toBe('warn');
    expect(counterEvidence[0]?.text).toContain('idle time');
  });

  test('warns, and blames the machine, when the gateway is always busy without getting a core', () => {
    const { verdict, title } = findingOf(cpuSaturated, syntheticRun(busy(55, 0.99)));
    expect(verdict).toBe('warn');
    expect(title).toContain('gets only 55 % of a core');
  });

  test('passes a gateway with CPU left', () => {
    expect(judge(cpuSaturated, syntheticRun(busy(60, 0.6))).verdict).toBe('pass');
  });

  test('judges by CPU alone, less surely, where the process is not Node', () => {
    const withLoop = findingOf(cpuSaturated, syntheticRun(busy(98, 0.99)));
    const loopless = findingOf(cpuSaturated, without(syntheticRun(busy(98, 0.99)), 'node'));
    expect(loopless.verdict).toBe('fail');
    expect(loopless.confidence).toBeLessThan(withLoop.confidence);
  });

  test('is not checked when no gateway process was sampled', () => {
    const change: SyntheticRunOptions['change'] = { process: (sample) => ({ ...sample, role: 'postgres' }) };
    expect(judge(cpuSaturated, syntheticRun({ change }))).toEqual({
      verdict: 'not-checked',
      reason: 'no gateway process was sampled',
    });
    expect(judge(cpuSaturated, without(syntheticRun(), 'process')).verdict).toBe('not-checked');
  });
});
