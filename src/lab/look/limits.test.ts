import { expect, test } from 'vitest';
import { limitsWith, limitTable } from './limits.ts';

test('a limit keeps its value until it is changed', () => {
  const limits = limitsWith({ 'stats.redis.cpu': 30 });
  expect(limits['stats.redis.cpu']).toBe(30);
  expect(limits['stats.postgres.cpu']).toBe(limitTable['stats.postgres.cpu'].value);
});

test('a limit that there is not is refused with those that there are', () => {
  expect(() => limitsWith({ 'stats.cache.cpu': 30 })).toThrow(
    /no limit 'stats.cache.cpu'.*stats\.redis\.cpu/,
  );
});
