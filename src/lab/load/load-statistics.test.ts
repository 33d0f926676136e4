import { describe, expect, it, test } from 'vitest';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { LoadSample, LoadWindow, ObservedLoad, ObservedWindow } from '../timeline/samples.ts';
import { measure, parseThreshold } from './thresholds.ts';
import { LoadStatistics, summarizeLoad } from './load-statistics.ts';

const generator = {
  cpuPercent: 10,
  eventLoopDelayP99Ms: 1,
  lateStarts: 0,
  plannedStarts: 0,
  maxLateMs: 0,
  rssBytes: 1,
};

function windowOf(latenciesMs: number[], failuresByKind: Record<string, number> = {}): LoadWindow {
  const latency = new LatencySketch();
  for (const ms of latenciesMs) latency.record(ms * 1000);
  const failures = Object.values(failuresByKind).reduce((sum, count) => sum + count, 0);
  return {
    requests: latenciesMs.length,
    failures,
    failuresByKind,
    latency: latency.toJSON(),
    responseBytes: 100,
  };
}

function sampleOf(byName: Record<string, LoadWindow>, rest: Partial<LoadSample> = {}): LoadSample {
  return { windowMs: 1000, users: 3, byName, generator, ...rest };
}

describe('folding samples', () => {
  it('merges windows, so that percentiles are those of all requests together', () => {
    const statistics = new LoadStatistics();
    const fast = Array.from({ length: 90 }, () => 1);
    const slow = Array.from({ length: 10 }, () => 1000);
    statistics.add(sampleOf({ a: windowOf(fast) }), 1000);
    statistics.add(sampleOf({ a: windowOf(slow) }), 2000);
    const [a] = statistics.byName;
    expect(a).toMatchObject({ name: 'a', requests: 100, failures: 0, rps: 50, minMs: 1, maxMs: 1000 });
    // An average of the two windows' percentiles would say about 500.
    expect(a?.p50Ms).toBeCloseTo(1, 1);
    expect(a?.p95Ms).toBeCloseTo(1000, -1);
    expect(a?.meanMs).toBeCloseTo(100.9, 3);
  });

  it('gives one row per name, sorted, and all together', () => {
    const statistics = new LoadStatistics();
    statistics.add(sampleOf({ b: windowOf([2]), a: windowOf([4], { timeout: 1 }) }), 1000);
    expect(statistics.byName.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(statistics.total).toMatchObject({
      requests: 2,
      failures: 1,
      meanMs: 3,
      failuresByKind: { timeout: 1 },
    });
    expect(statistics.meanResponseBytes('a')).toBe(100);
    expect(statistics.users).toBe(3);
  });

  it('divides by the length of windows, not by their number', () => {
    const statistics = new LoadStatistics();
    statistics.add(sampleOf({ a: windowOf([1, 1]) }, { windowMs: 500 }), 500);
    expect(statistics.total.rps).toBe(4);
  });

  it('is all zeros without samples', () => {
    expect(summarizeLoad([])).toMatchObject({ requests: 0, rps: 0, p99Ms: 0, minMs: 0, byName: [] });
  });

  it('keeps when a kind of failure was first and last seen', () => {
    const statistics = new LoadStatistics();
    for (const atMs of [1000, 2000, 3000]) {
      statistics.add(sampleOf({ a: windowOf([1], atMs === 3000 ? {} : { 'http 503': 1 }) }), atMs);
    }
    expect(statistics.failures).toEqual([
      { name: 'a', kind: 'http 503', occurrences: 2, firstSeenMs: 1000, lastSeenMs: 2000 },
    ]);
  });

  it('stays small however many kinds of failure there are, and loses no count', () => {
    const statistics = new LoadStatistics();
    for (let index = 0; index < 2000; index += 1) {
      statistics.add(sampleOf({ a: windowOf([1], { [`text ${index}`]: 1 }) }), index);
    }
    expect(statistics.failures.length).toBeLessThanOrEqual(501);
    expect(statistics.failures.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(2000);
    expect(Object.values(statistics.total.failuresByKind).reduce((sum, count) => sum + count, 0)).toBe(2000);
  });
});

describe('the open model', () => {
  it('adds up arrivals, and merges service times beside those that count from the arrival', () => {
    const arrivals = { planned: 3, late: 1, dropped: 1 };
    const slow = { ...windowOf([100]), service: windowOf([10]).latency };
    const fast = { ...windowOf([20]), service: windowOf([20]).latency };
    const summary = summarizeLoad([
      { atMs: 1000, data: sampleOf({ a: slow }, { arrivals }) },
      { atMs: 2000, data: sampleOf({ a: fast }, { arrivals }) },
    ]);
    expect(summary.arrivals).toEqual({ planned: 6, late: 2, dropped: 2 });
    expect(summary).toMatchObject({ meanMs: 60, service: { meanMs: 15, maxMs: 20 } });
    expect(summary.byName[0]?.service?.meanMs).toBe(15);
  });

  it('is not told of a closed one', () => {
    const summary = summarizeLoad([{ atMs: 1000, data: sampleOf({ a: windowOf([1]) }) }]);
    expect(summary).not.toHaveProperty('arrivals');
    expect(summary).not.toHaveProperty('service');
  });
});

describe('the current figures', () => {
  it('cover the last ten windows', () => {
    const statistics = new LoadStatistics();
    statistics.add(sampleOf({ a: windowOf(Array.from({ length: 1000 }, () => 500)) }), 0);
    for (let second = 1; second <= 10; second += 1) {
      statistics.add(sampleOf({ a: windowOf([1, 1], { timeout: 1 }), b: windowOf([3]) }), second * 1000);
    }
    expect(statistics.current()).toMatchObject({ rps: 3, failuresPerS: 1 });
    expect(statistics.current('b')).toMatchObject({ rps: 1, failuresPerS: 0, p95Ms: 3 });
  });

  it('fall to zero when a target hangs', () => {
    const statistics = new LoadStatistics();
    statistics.add(sampleOf({ a: windowOf([1]) }), 0);
    for (let second = 1; second <= 10; second += 1) statistics.add(sampleOf({}), second * 1000);
    expect(statistics.current()).toEqual({ rps: 0, failuresPerS: 0, p50Ms: null, p95Ms: null });
  });
});

describe('what the summary says of the generator', () => {
  it('is the mean CPU by time, the median window’s delay and the share of late starts', () => {
    const { generator: summary } = summarizeLoad([
      vitals(1000, 20, 1, 0),
      vitals(1000, 40, 900, 3),
      vitals(500, 0, 2, 0),
    ]);
    expect(summary).toMatchObject({ cpuPercent: 24, eventLoopDelayP99Ms: 2, lateStartPercent: 2 });
  });
});

function vitals(windowMs: number, cpuPercent: number, eventLoopDelayP99Ms: number, lateStarts: number) {
  const data = sampleOf(
    {},
    { windowMs, generator: { ...generator, cpuPercent, eventLoopDelayP99Ms, lateStarts, plannedStarts: 50 } },
  );
  return { atMs: 0, data };
}

const told = { minMs: 1, maxMs: 90, p50Ms: 8, p95Ms: null, p99Ms: 70 };

const reported = (requests: number, sumMs: number): ObservedWindow => ({
  requests,
  failures: 0,
  failuresByKind: {},
  latency: { sumMs, wholeTest: told },
});

const drivenSample = (byName: Record<string, ObservedWindow>): ObservedLoad => ({
  windowMs: 2000,
  users: 3,
  byName,
  recent: { spanMs: 10_000, p50Ms: 8, p95Ms: 40 },
});

describe('a load whose driver gives no distribution', () => {
  it('has counts and means, and says of the rest that it is not known', () => {
    const statistics = new LoadStatistics();
    statistics.add(drivenSample({ a: reported(10, 100), b: reported(30, 900) }), 1);
    const { byName, ...total } = statistics.summary;
    expect(total).toMatchObject({ requests: 40, rps: 20, meanMs: 25, p50Ms: null, p99Ms: null, maxMs: null });
    expect(byName[0]).toMatchObject({ name: 'a', meanMs: 10, p95Ms: null, reported: told });
    expect(total.generator).toMatchObject({
      cpuPercent: null,
      eventLoopDelayP99Ms: null,
      lateStartPercent: null,
    });
  });

  it('has the percentiles of its last seconds as current ones', () => {
    const statistics = new LoadStatistics();
    statistics.add(drivenSample({ a: reported(10, 100) }), 1);
    expect(statistics.current()).toMatchObject({ rps: 5, p50Ms: 8, p95Ms: 40 });
  });

  it('can be held against a mean, and against no percentile', () => {
    const statistics = new LoadStatistics();
    statistics.add(drivenSample({ a: reported(10, 100) }), 1);
    expect(measure(parseThreshold('mean<1s'), statistics.requestsOf())).toBe(10);
    expect(measure(parseThreshold('p95<1s'), statistics.requestsOf())).toBeNull();
    expect(measure(parseThreshold('max<1s'), statistics.requestsOf())).toBeNull();
  });

  it('tells the CPU of its busiest worker', () => {
    const statistics = new LoadStatistics();
    const workers = [
      { name: 'w1', cpuPercent: 40 },
      { name: 'w2', cpuPercent: 95 },
    ];
    statistics.add({ ...drivenSample({ a: reported(10, 100) }), workers }, 1);
    expect(statistics.summary.generator).toMatchObject({ cpuPercent: 95, lateStartPercent: null });
  });
});

test('the figures of a thousand names look at each recent sample once, and again after the next one', () => {
  const statistics = new LoadStatistics();
  let looks = 0;
  const names = Array.from({ length: 1_000 }, (_, index) => `tools/call t${index}`);
  const add = (second: number): void => {
    const sample = sampleOf({});
    const byName = Object.fromEntries(names.map((name, index) => [name, windowOf([second + index])]));
    Object.defineProperty(sample, 'byName', {
      get: () => {
        looks += 1;
        return byName;
      },
    });
    statistics.add(sample, second * 1000);
  };
  for (let second = 1; second <= 12; second += 1) add(second);
  const look = (): unknown[] =>
    [...names, undefined].map((name) => [statistics.current(name), statistics.currentLatencyOf(name).count]);
  looks = 0;
  const figures = look();
  expect(looks).toBe(10);
  expect(figures[1]).toEqual([
    { rps: 1, failuresPerS: 0, p50Ms: expect.closeTo(8, 0), p95Ms: expect.closeTo(13, 0) },
    10,
  ]);
  expect(figures.at(-1)).toMatchObject([{ rps: 1_000 }, 10_000]);
  expect(look()).toEqual(figures);
  expect(looks).toBe(10);
  add(13);
  looks = 0;
  expect(look()[1]).toMatchObject([{ p50Ms: expect.closeTo(9, 0) }, 10]);
  expect(looks).toBe(10);
});
