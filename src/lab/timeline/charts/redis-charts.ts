import { type ChartDefinition, each, type Point, rates } from './chart-definition.ts';

/** What Redis tells of itself. */
export const redisCharts = {
  'cache-hit-rate': {
    title: 'Redis hit rate',
    unit: 'ratio',
    points: function* ({ redis }): Iterable<Point> {
      for (const [target, samples] of redis) {
        for (const [at, { atMs, data }] of samples.entries()) {
          const before = samples[at - 1]?.data;
          if (before === undefined) continue;
          const [hits, misses] = [data.hits - before.hits, data.misses - before.misses];
          // Where nothing was looked up, or the counters were reset, there is no rate.
          const rate = hits < 0 || misses < 0 || hits + misses === 0 ? null : hits / (hits + misses);
          yield [redis.size > 1 ? target : 'hit rate', atMs, rate];
        }
      }
    },
  },
  'cache-lookups': {
    title: 'Redis lookups',
    unit: 'per second',
    points: ({ redis }) =>
      rates(redis, ({ hits, misses }, label) => [
        [label('hits'), hits],
        [label('misses'), misses],
      ]),
  },
  'redis-commands': {
    title: 'Redis commands',
    unit: 'per second',
    points: ({ redis }) =>
      rates(redis, ({ commands, ownCommands, evictedKeys }, label) => [
        [label('commands'), commands - ownCommands],
        [label('evictions'), evictedKeys],
      ]),
  },
  'redis-memory': {
    title: 'Redis memory',
    unit: 'bytes',
    points: ({ redis }) => each(redis, ({ usedMemoryBytes }, label) => [[label('used'), usedMemoryBytes]]),
  },
} as const satisfies Record<string, ChartDefinition>;
