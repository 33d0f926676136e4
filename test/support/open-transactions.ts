import type { PostgresSample } from '../../src/lab/timeline/samples.ts';
import { syntheticRun, type SyntheticRunOptions } from './synthetic-run.ts';

/** A run in which `count` sessions sit idle in a transaction after `query` and grow older each second. */
export function openTransactions(
  query: string,
  count: number,
  options: SyntheticRunOptions & { ageS?: (second: number) => number } = {},
): ReturnType<typeof syntheticRun> {
  const { ageS = (second) => second, ...more } = options;
  const postgres = (sample: PostgresSample, second: number): PostgresSample => ({
    ...sample,
    connections: [
      ...sample.connections.filter(({ state }) => state !== 'idle in transaction'),
      {
        state: 'idle in transaction',
        count: count + 1,
        maxStateAgeS: ageS(second),
        maxTransactionAgeS: ageS(second),
      },
    ],
    idleInTransaction: [
      { query, applicationName: 'app', count, maxAgeS: ageS(second), meanAgeS: ageS(second) / 2 },
      ...sample.idleInTransaction,
    ],
  });
  return syntheticRun({ ...more, change: { postgres } });
}
