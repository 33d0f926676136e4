import { expect, test } from 'vitest';
import { watchingLines } from './watching-lines.ts';

const collectors = { collectors: [], overhead: undefined };

test('a source that was away is told by phase, with its target where several were', () => {
  const redis = { source: 'redis', target: 'redis a', phase: 'steady' as const, awayMs: 11_020 };
  expect(watchingLines({ ...collectors, away: [redis] }, 80)).toEqual(['Away: redis 11 s in steady']);
  const other = { ...redis, target: 'redis b', awayMs: 2000 };
  expect(watchingLines({ ...collectors, away: [redis, other] }, 80)).toEqual([
    'Away: redis of redis a 11 s in steady; redis of redis b 2 s in steady',
  ]);
  expect(watchingLines(collectors, 80)).toEqual([]);
});
