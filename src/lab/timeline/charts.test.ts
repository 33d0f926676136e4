import { describe, expect, it } from 'vitest';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import { align } from './align-series.ts';
import { foldCharts, type ChartSet } from './charts.ts';
import type { SampleEvent, SeriesEvent } from './events.ts';
import { foldArtifacts } from './fold-artifacts.ts';
import type { LoadSample, PostgresSample } from './samples.ts';

const idleGenerator = {
  cpuPercent: 20,
  eventLoopDelayP99Ms: 1,
  lateStarts: 0,
  plannedStarts: 10,
  maxLateMs: 0,
  rssBytes: 1,
};

function load(
  atMs: number,
  latenciesMs: number[],
  failuresByKind: Record<string, number> = {},
  windowMs = 1000,
): SeriesEvent {
  const sketch = new LatencySketch();
  for (const ms of latenciesMs) sketch.record(ms * 1000);
  const failures = Object.values(failuresByKind).reduce((sum, count) => sum + count, 0);
  const window = { requests: latenciesMs.length, failures, failuresByKind, latency: sketch.toJSON() };
  const data: LoadSample = {
    windowMs,
    users: 5,
    byName: { 'tools/call echo': window },
    generator: idleGenerator,
  };
  return { kind: 'sample', atMs, source: 'load', target: 'generator', costMs: 0, data };
}

function postgres(atMs: number, seqTupRead: number, idleInTransaction: number): SampleEvent<'postgres'> {
  const data: PostgresSample = {
    serverMs: 2,
    maxConnections: 100,
    connections: [
      { state: 'active', count: 2, maxStateAgeS: 0, maxTransactionAgeS: 0.5 },
      { state: 'idle in transaction', count: idleInTransaction, maxStateAgeS: 3, maxTransactionAgeS: 4 },
    ],
    idleInTransaction: [],
    activeByWait: [],
    tables: [
      {
        schema: 'public',
        table: 'tool_metrics',
        liveRows: 10,
        deadRows: 0,
        seqScan: 1,
        seqTupRead,
        idxScan: 0,
        idxTupFetch: 0,
        inserted: 0,
        updated: 0,
        deleted: 0,
      },
    ],
    blocked: [],
    database: {
      xactCommit: 0,
      xactRollback: 0,
      blksHit: 0,
      blksRead: 0,
      tempBytes: 0,
      deadlocks: 0,
      statsResetMs: null,
    },
  };
  return { kind: 'sample', atMs, source: 'postgres', target: 'db', costMs: 2, data };
}

function lines(set: ChartSet, id: string): Record<string, (number | null)[]> {
  const chart = set.charts.find((each) => each.id === id);
  return Object.fromEntries((chart?.series ?? []).map((line) => [line.label, line.values]));
}
const fold = (events: SeriesEvent[]): ChartSet => foldCharts(foldArtifacts(events, [], []));

describe('charts folded from the stream', () => {
  it('put load on a grid of seconds: rates, percentiles merged over names, failures by kind', () => {
    const set = fold([
      load(1000, [10, 10, 10, 10]),
      load(2000, [10, 20, 30, 40], { 'http 503': 2 }),
      load(3000, []),
    ]);
    expect(set.timesMs).toEqual([1000, 2000, 3000]);
    expect(lines(set, 'users')).toEqual({ users: [5, 5, 5] });
    expect(lines(set, 'throughput')).toEqual({ requests: [4, 4, 0], failures: [0, 2, 0] });
    expect(lines(set, 'failures')).toEqual({ 'http 503': [0, 2, 0] });
    const { p50, p99 } = lines(set, 'latency');
    expect(p50?.[0]).toBeCloseTo(10, 0);
    expect(p99?.[1]).toBeGreaterThan(29);
    expect(p50?.[2]).toBeNull();
  });

  it('draw no rate from the stump of a window in which the load ended', () => {
    const set = fold([load(1000, [1]), load(2000, [1]), load(2900, [1, 1, 1, 1], {}, 12)]);
    expect(lines(set, 'throughput')['requests']).toEqual([1, 1]);
  });

  it('leave a second without a sample as a gap instead of inventing a value', () => {
    const set = fold([load(1000, [1]), load(2010, [1]), load(4005, [1]), load(5000, [1])]);
    expect(lines(set, 'users')).toEqual({ users: [5, 5, null, 5, 5] });
  });

  it('show counters as rates, and a reset counter as a gap', () => {
    const set = fold([postgres(1000, 100, 3), postgres(2000, 600, 4), postgres(3000, 50, 0)]);
    expect(lines(set, 'sequential-reads')).toEqual({ tool_metrics: [null, 500, null] });
    expect(lines(set, 'connections')).toEqual({ active: [2, 2, 2], 'idle in transaction': [3, 4, 0] });
    expect(lines(set, 'transaction-age')).toEqual({ age: [4, 4, 4] });
  });

  it('leave out what was not sampled', () => {
    expect(fold([postgres(1000, 100, 3)]).charts.map((chart) => chart.id)).toEqual([
      'connections',
      'transaction-age',
    ]);
    expect(fold([])).toEqual({ timesMs: [], charts: [] });
  });
});

describe('alignment', () => {
  const times = [0, 1000, 2000, 3000, 4000];
  it('neither doubles nor drops a second when the sampler jitters around the grid', () => {
    const points = [0, 960, 2040, 2970, 4030].map((atMs, value) => ({ atMs, value }));
    expect(align(points, times)).toEqual([0, 1, 2, 3, 4]);
  });
  it('draws a slower source through the seconds between its samples', () => {
    const points = [0, 2000, 4000].map((atMs) => ({ atMs, value: atMs }));
    expect(align(points, times).every((value) => value !== null)).toBe(true);
  });
});
