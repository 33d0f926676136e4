import type { RedisSample } from '../../timeline/samples/redis-sample.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { counterGrowth, shareWithin } from './statistics.ts';
import { elapsedS, readingsIn, steadyWindow } from './window.ts';

/** What a Redis did between the first and the last of some readings; the lab's own commands are left out. */
export interface RedisWork {
  seconds: number;
  readings: number;
  hits: number;
  misses: number;
  /** 0..1; null when nothing was looked up. */
  hitRate: number | null;
  commands: number;
  expiredKeys: number;
  evictedKeys: number;
  rejectedConnections: number;
  cpuMs: number;
  /** Null when the user may not read the slow log. */
  slowCommands: number | null;
  /** Those that were called, the one with the most time first. */
  byCommand: RedisCommandWork[];
}

export interface RedisCommandWork {
  command: string;
  calls: number;
  meanUs: number;
  /** Of the time of all commands, 0..1. */
  timeShare: number;
  rejected: number;
  failed: number;
}

/** The growth of the counters; one that was reset counts on from zero. */
export function redisWork(readings: readonly Timed<RedisSample>[]): RedisWork {
  const growth = (read: (sample: RedisSample) => number): number =>
    counterGrowth(readings.map(({ data }) => read(data)));
  const hits = growth((sample) => sample.hits);
  const misses = growth((sample) => sample.misses);
  const slow = readings.flatMap(({ data }) => data.slowCommands ?? []);
  return {
    seconds: elapsedS(readings),
    readings: readings.length,
    hits,
    misses,
    hitRate: hits + misses === 0 ? null : hits / (hits + misses),
    commands: growth(({ commands, ownCommands }) => Math.max(0, commands - ownCommands)),
    expiredKeys: growth((sample) => sample.expiredKeys),
    evictedKeys: growth((sample) => sample.evictedKeys),
    rejectedConnections: growth((sample) => sample.rejectedConnections),
    cpuMs: growth((sample) => sample.cpuMs),
    slowCommands: slow.length === 0 ? null : counterGrowth(slow),
    byCommand: commandWork(readings),
  };
}

function commandWork(readings: readonly Timed<RedisSample>[]): RedisCommandWork[] {
  const names = new Set(readings.flatMap(({ data }) => data.byCommand.map(({ command }) => command)));
  const works = [...names].flatMap((command) => {
    // Absent from a reading that is cut, it may have been called before: then nothing is known of it there.
    const totals = readings.flatMap(({ data }) => {
      const found = data.byCommand.find((each) => each.command === command);
      return found === undefined && !data.allCommands ? [] : [found];
    });
    const growth = (read: (each: RedisSample['byCommand'][number]) => number): number =>
      counterGrowth(totals.map((each) => (each === undefined ? 0 : read(each))));
    const all = growth(({ calls }) => calls);
    const calls = growth((each) => Math.max(0, each.calls - each.ownCalls));
    if (calls === 0 || all === 0) return [];
    const meanMs = growth(({ totalMs }) => totalMs) / all;
    const [rejected, failed] = [growth((each) => each.rejected), growth((each) => each.failed)];
    return [{ command, calls, totalMs: meanMs * calls, meanUs: meanMs * 1000, rejected, failed }];
  });
  const totalMs = works.reduce((sum, work) => sum + work.totalMs, 0);
  return works
    .toSorted((a, b) => b.totalMs - a.totalMs || (a.command < b.command ? -1 : 1))
    .map(({ totalMs: own, ...work }) => ({ ...work, timeShare: shareWithin(own, totalMs) }));
}

/** Each Redis over the window, the one with the most misses first. */
export const redisUse = defineFact(
  ['phases', 'redis'],
  ({ redis }, facts): { target: string; last: RedisSample; work: RedisWork }[] => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return [];
    return [...redis]
      .flatMap(([target, series]) => {
        const readings = readingsIn(series, window);
        const last = readings.at(-1)?.data;
        return last === undefined ? [] : [{ target, last, work: redisWork(readings) }];
      })
      .toSorted((a, b) => b.work.misses - a.work.misses || (a.target < b.target ? -1 : 1));
  },
);

const expensiveCommands = new Set(['keys', 'smembers', 'hgetall']);

/** Whether a command reads a whole collection, or all keys, in one go while everybody else waits. */
export function isExpensiveCommand(command: string): boolean {
  return expensiveCommands.has(command);
}
