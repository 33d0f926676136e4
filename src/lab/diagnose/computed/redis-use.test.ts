import { expect, test } from 'vitest';
import { redisSample } from '../../../../test/support/synthetic-pools.ts';
import type { RedisSample } from '../../timeline/samples/redis-sample.ts';
import { type RedisCommandWork, redisWork } from './redis-use.ts';

test('a command that a reading of all commands does not hold was called for the first time after it', () => {
  expect(callsOfKeys([without(true), calls(7)])).toBe(7);
});

test('what a command did before is not of the window when the first reading did not hold all of them', () => {
  expect(callsOfKeys([without(false), calls(7000)])).toBeUndefined();
  expect(callsOfKeys([without(false), calls(7000), without(false), calls(7007)])).toBe(7);
});

const usual = redisSample(1);

function without(allCommands: boolean): RedisSample {
  return { ...usual, allCommands };
}

function calls(count: number): RedisSample {
  const command = { command: 'keys', calls: count, ownCalls: 0, totalMs: count, rejected: 0, failed: 0 };
  return { ...usual, byCommand: [...usual.byCommand, command] };
}

function callsOfKeys(samples: RedisSample[]): RedisCommandWork['calls'] | undefined {
  const { byCommand } = redisWork(samples.map((data, at) => ({ atMs: at * 1000, data })));
  return byCommand.find(({ command }) => command === 'keys')?.calls;
}
