import { describe, expect, it } from 'vitest';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { LoadSample, LoadWindow } from '../timeline/samples.ts';
import { describeThresholds, ThresholdJudge } from './threshold-judge.ts';
import { parseThreshold } from './thresholds.ts';

function windowOf(requests: number, ms: number, failures = 0): LoadWindow {
  const latency = new LatencySketch();
  for (let at = 0; at < requests; at += 1) latency.record(ms * 1000);
  return {
    requests,
    failures,
    failuresByKind: failures > 0 ? { timeout: failures } : {},
    latency: latency.toJSON(),
  };
}

function sampleOf(byName: Record<string, LoadWindow>, windowMs = 1000): LoadSample {
  const generator = {
    cpuPercent: 1,
    eventLoopDelayP99Ms: 1,
    lateStarts: 0,
    plannedStarts: 0,
    maxLateMs: 0,
    rssBytes: 1,
  };
  return { windowMs, users: 1, byName, generator };
}

function judgeOf(...texts: string[]): ThresholdJudge {
  return new ThresholdJudge(texts.map(parseThreshold));
}

const slow = sampleOf({ 'tools/call a': windowOf(10, 300) });
const fast = sampleOf({ 'tools/call a': windowOf(1000, 1) });

describe('the verdict', () => {
  it('is that of all requests together, and tells how many windows broke the limit', () => {
    const judge = judgeOf('p95<200ms', 'max<200ms');
    [fast, slow, fast].forEach((sample, index) => judge.add(sample, index * 1000));
    expect(judge.results()).toMatchObject([
      { threshold: 'p95<200ms', unit: 'ms', limit: 200, passed: true, windows: { checked: 3, broken: 1 } },
      { threshold: 'max<200ms', value: 300, passed: false, windows: { checked: 3, broken: 1 } },
    ]);
  });

  it('counts the requests whose name begins as asked, and no others', () => {
    const judge = judgeOf('tools/call:error_rate<1%', 'ping:error_rate<1%', 'error_rate<1%');
    judge.add(
      sampleOf({ 'tools/call a': windowOf(5, 1, 1), 'tools/call b': windowOf(15, 1), ping: windowOf(80, 1) }),
      0,
    );
    expect(judge.results().map(({ value, passed }) => [value, passed])).toEqual([
      [5, false],
      [0, true],
      [1, false],
    ]);
  });

  it('fails where no request could be held against the limit', () => {
    const judge = judgeOf('ping:p95<1s');
    judge.add(fast, 0);
    expect(judge.results()).toMatchObject([
      { value: null, passed: false, windows: { checked: 0, broken: 0 } },
    ]);
  });

  it('fails when the threshold ended the load, whatever came before', () => {
    const judge = judgeOf('p95<200ms', 'error_rate<1%');
    judge.add(fast, 0);
    expect(judge.results('p95<200ms')).toMatchObject([
      { passed: false, endedTheLoad: true },
      { passed: true, endedTheLoad: false },
    ]);
  });
});

describe('giving up', () => {
  it('takes three windows in a row', () => {
    const judge = judgeOf('error_rate<50%', 'p95<200ms');
    for (const sample of [slow, slow, fast, slow, slow]) judge.add(sample, 0);
    expect(judge.givesUp).toBeUndefined();
    judge.add(slow, 0);
    expect(judge.givesUp?.text).toBe('p95<200ms');
  });

  it('is not counted in windows without requests, nor in one that was cut short', () => {
    const judge = judgeOf('p95<200ms');
    for (const sample of [slow, slow, sampleOf({}), sampleOf(slow.byName, 100)]) judge.add(sample, 0);
    expect(judge.givesUp).toBeUndefined();
    expect(judge.results()).toMatchObject([{ windows: { checked: 2, broken: 2 } }]);
  });

  it('does not ask for a rate while users still start', () => {
    const judge = judgeOf('rps>100');
    for (let at = 0; at < 5; at += 1) judge.add(slow, at * 1000, true);
    expect(judge.givesUp).toBeUndefined();
    for (let at = 5; at < 8; at += 1) judge.add(slow, at * 1000);
    expect(judge.givesUp?.text).toBe('rps>100');
  });
});

it('of each second fails by one second that breaks it, however good the rest is', () => {
  const judge = judgeOf('max<200ms each second', 'max<400ms each second', 'nowhere:max<1s each second');
  judge.add(slow, 0);
  for (let at = 1; at < 60; at += 1) judge.add(fast, at * 1000);
  expect(judge.results().map(({ passed, windows }) => [passed, windows.broken])).toEqual([
    [false, 1],
    [true, 0],
    [false, 0],
  ]);
});

it('is told in a line per threshold', () => {
  const judge = judgeOf('max<200ms', 'ping:rps>=0');
  judge.add(slow, 0);
  judge.add(fast, 1000);
  expect(describeThresholds(judge.results('max<200ms'))).toEqual([
    '✕ max<200ms    300 ms (1 of 2 windows broke it, ended the load)',
    '✓ ping:rps>=0  0 /s',
  ]);
  expect(describeThresholds(judge.results(), '!').map((line) => line.includes('!'))).toEqual([true, false]);
});
