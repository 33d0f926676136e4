import { describe, expect, it } from 'vitest';
import type { GeneratorVitals, LoadSample } from '../timeline/samples.ts';
import { GeneratorHealth } from './generator-health.ts';

const sound: GeneratorVitals = {
  cpuPercent: 20,
  eventLoopDelayP99Ms: 2,
  lateStarts: 0,
  plannedStarts: 50,
  maxLateMs: 1,
  rssBytes: 1e8,
  openFiles: 60,
  maxOpenFiles: 1000,
  exhaustedConnects: 0,
};

/** One second of processes that are sound but for what is said. */
function second(...changes: Partial<GeneratorVitals>[]): LoadSample {
  const generators = changes.map((change, index) => ({ ...sound, ...change, pid: 100 + index, users: 5 }));
  return { windowMs: 1000, users: 5 * changes.length, byName: {}, generator: sound, generators };
}

function healthOf(...seconds: LoadSample[]): GeneratorHealth {
  const health = new GeneratorHealth();
  for (const each of seconds) health.add(each);
  return health;
}

describe('a generator', () => {
  it('that keeps within its limits gives no reason for doubt', () => {
    expect(healthOf(second({}), second({}), second({})).summary).toMatchObject({
      saturated: false,
      reasons: [],
    });
  });

  it.each([
    [{ cpuPercent: 95 }, 'used 95 % of one core on average (limit 80 %)'],
    [
      { eventLoopDelayP99Ms: 130 },
      'had an event-loop delay (p99) of 130 ms in its worst second (limit 50 ms)',
    ],
    [{ lateStarts: 20 }, "started 40 % of its requests late (limit 5 % of a second's)"],
    [{ openFiles: 990 }, 'had at most 990 of 1,000 files open (limit 80 %)'],
    [
      { exhaustedConnects: 3 },
      'could not make 9 connections for want of a file or a local port and had at most 60 of 1,000 files open (limit 80 %)',
    ],
  ] as const)('with %o is saturated', (change, reason) => {
    const { saturated, reasons } = healthOf(second(change), second(change), second(change)).summary;
    expect(saturated).toBe(true);
    expect(reasons).toEqual([`generator process 100 ${reason}; over its limit in 100 % of the time`]);
  });

  it('is judged by its worst process, which is named', () => {
    const seconds = [1, 2, 3, 4].map(() => second({}, { lateStarts: 30 }, {}));
    const { saturated, reasons } = healthOf(...seconds).summary;
    expect(saturated).toBe(true);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain('generator process 101 started 60 % of its requests late');
  });

  it('that was short of something for a while is disturbed, and not saturated', () => {
    const { saturated, reasons } = healthOf(
      second({ cpuPercent: 99 }),
      second({}),
      second({}),
      second({}),
    ).summary;
    expect(saturated).toBe(false);
    expect(reasons).toHaveLength(1);
  });

  it('that was delayed now and then is told by its worst second, not by one within the limit', () => {
    const quiet = { eventLoopDelayP99Ms: 10 };
    const { reasons } = healthOf(
      second({ eventLoopDelayP99Ms: 80 }),
      ...[1, 2, 3, 4].map(() => second(quiet)),
    ).summary;
    expect(reasons).toEqual([
      'generator process 100 had an event-loop delay (p99) of 80 ms in its worst second (limit 50 ms); over its limit in 20 % of the time',
    ]);
  });

  it('is not judged by one moment, nor by the rest of a second at the end', () => {
    expect(healthOf(second({ cpuPercent: 99 })).summary.reasons).toEqual([]);
    const end = { ...second({ cpuPercent: 100 }), windowMs: 20 };
    expect(healthOf(second({}), second({}), second({}), end).summary.reasons).toEqual([]);
  });
});
