import { describe, expect, it } from 'vitest';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { LoadSample } from '../timeline/samples.ts';
import { SampleMerger } from './sample-merger.ts';

const vitals = { cpuPercent: 10, eventLoopDelayP99Ms: 1, maxLateMs: 2, rssBytes: 1e6, plannedStarts: 10 };

/** One process's second in which `latenciesMs` were seen. */
function sampleOf(pid: number, users: number, latenciesMs: number[], change = {}): LoadSample {
  const latency = new LatencySketch();
  for (const ms of latenciesMs) latency.record(ms * 1000);
  const generator = { ...vitals, lateStarts: 1, ...change };
  const window = {
    requests: latenciesMs.length,
    failures: 1,
    failuresByKind: { 'http 503': 1 },
    latency: latency.toJSON(),
    responseBytes: 10,
  };
  return {
    windowMs: 1000,
    users,
    byName: latenciesMs.length === 0 ? {} : { ping: window },
    generator,
    generators: [{ ...generator, pid, users }],
  };
}

function mergerOf(processes: number) {
  const emitted: { sample: LoadSample; atMs: number }[] = [];
  const merger = new SampleMerger(processes, (sample, atMs) => emitted.push({ sample, atMs }));
  merger.begin(5_000);
  const tell = (process: number, window: number, sample: LoadSample, lateMs = 0): void =>
    merger.add(process, { window, atMs: 5_000 + window * 1000 + lateMs, sample });
  const requests = (): (number | undefined)[] => emitted.map(({ sample }) => sample.byName['ping']?.requests);
  return { emitted, merger, tell, requests };
}

describe('a window of several processes', () => {
  it('is told once all have told of it, with counts added and latencies merged', () => {
    const { emitted, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 3, [1, 1, 1]), 2);
    expect(emitted).toEqual([]);
    tell(1, 1, sampleOf(8, 2, [100]), 5);
    const [{ sample, atMs } = { sample: sampleOf(0, 0, []), atMs: 0 }] = emitted;
    expect([atMs, sample.windowMs, sample.users]).toEqual([6_005, 1_005, 5]);
    expect(sample.byName['ping']).toMatchObject({
      requests: 4,
      failures: 2,
      failuresByKind: { 'http 503': 2 },
      responseBytes: 20,
    });
    const latency = LatencySketch.from(sample.byName['ping']?.latency ?? new LatencySketch().toJSON());
    expect([latency.count, latency.minMs, latency.maxMs]).toEqual([4, 1, 100]);
    expect(latency.quantileMs(0.5)).toBeCloseTo(1, 1);
  });

  it('has each process once, also one that was late and tells of two windows in one', () => {
    const { emitted, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 1, [1]));
    tell(0, 2, sampleOf(7, 1, [1]));
    tell(1, 1, sampleOf(8, 1, [1], { eventLoopDelayP99Ms: 900, rssBytes: 3e6 }), 1_001);
    tell(1, 2, sampleOf(8, 1, [1], { rssBytes: 2e6 }));
    const { generator, generators } = emitted.at(-1)?.sample ?? sampleOf(0, 0, []);
    expect(generators?.map(({ pid, rssBytes }) => [pid, rssBytes])).toEqual([
      [7, 1e6],
      [8, 2e6],
    ]);
    expect(generator).toMatchObject({
      rssBytes: 3e6,
      eventLoopDelayP99Ms: 900,
      plannedStarts: 30,
      lateStarts: 3,
    });
  });

  it('shows the worst process in each respect, and each by itself', () => {
    const { emitted, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 3, [1], { cpuPercent: 95, openFiles: 90, maxOpenFiles: 100 }));
    tell(1, 1, sampleOf(8, 2, [1], { eventLoopDelayP99Ms: 70, openFiles: 95, maxOpenFiles: 1000 }));
    expect(emitted[0]?.sample.generator).toMatchObject({
      cpuPercent: 95,
      eventLoopDelayP99Ms: 70,
      lateStarts: 2,
      plannedStarts: 20,
      rssBytes: 2e6,
      openFiles: 90,
      maxOpenFiles: 100,
    });
    expect(emitted[0]?.sample.generators?.map(({ pid, users }) => [pid, users])).toEqual([
      [7, 3],
      [8, 2],
    ]);
  });
});

describe('a process that', () => {
  it('is late holds the others up for a second at most, and what it tells then is counted', () => {
    const { emitted, requests, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 1, [1]));
    tell(0, 2, sampleOf(7, 1, [1, 1]));
    tell(0, 3, sampleOf(7, 1, [1, 1, 1]));
    expect(requests()).toEqual([1, 2]);
    // Held up for three seconds, it tells of all of them at once.
    tell(1, 3, sampleOf(8, 1, [1, 1, 1, 1]), 400);
    expect(requests()).toEqual([1, 2, 7]);
    expect(emitted.reduce((sum, { sample }) => sum + sample.windowMs, 0)).toBe(3_400);
  });

  it('tells of a window that is closed is counted in the one that is open', () => {
    const { requests, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 1, [1]));
    tell(0, 2, sampleOf(7, 1, [1]));
    tell(1, 1, sampleOf(8, 1, [1, 1]));
    expect(requests()).toEqual([1]);
    tell(1, 2, sampleOf(8, 1, [1]));
    expect(requests()).toEqual([1, 4]);
  });

  it('has ended is not waited for, and its last figures are kept', () => {
    const { emitted, merger, requests, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 4, [1]), -500);
    merger.end(0);
    tell(1, 1, sampleOf(8, 2, [1, 1]));
    tell(1, 2, sampleOf(8, 2, [1]));
    expect(requests()).toEqual([3, 1]);
    expect(emitted[1]?.sample.users).toBe(2);
  });

  it('ends last leaves nothing that is untold', () => {
    const { merger, requests, tell } = mergerOf(2);
    tell(0, 1, sampleOf(7, 1, [1]));
    merger.end(1);
    tell(0, 2, sampleOf(7, 0, [1, 1]), -900);
    merger.end(0);
    expect(requests()).toEqual([1, 2]);
  });
});
