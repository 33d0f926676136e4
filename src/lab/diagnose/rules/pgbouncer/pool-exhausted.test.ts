import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun, type SyntheticRunOptions } from '../../../../../test/support/synthetic-run.ts';
import { openTransactions } from '../../../../../test/support/open-transactions.ts';
import type { PgbouncerPool, PgbouncerSettings } from '../../../timeline/samples/pgbouncer-sample.ts';
import type { ArtifactSlots } from '../../artifacts.ts';
import { poolExhausted } from './pool-exhausted.ts';

interface PoolChange {
  /** At each second of the run. */
  pool?: (second: number) => Partial<PgbouncerPool>;
  waitMsPerTransaction?: number;
  settings?: Partial<PgbouncerSettings>;
}

function withPool(slots: ArtifactSlots, change: PoolChange = {}): ArtifactSlots {
  const { pool, waitMsPerTransaction = 0, settings } = change;
  const { pgbouncer } = syntheticRun({
    change: {
      pgbouncer: (sample, second) => ({
        pools: sample.pools.map((each) => ({ ...each, ...pool?.(second) })),
        databases: sample.databases.map((each) => ({
          ...each,
          waitMs: each.transactions * waitMsPerTransaction,
        })),
        settings: { ...sample.settings, ...settings },
      }),
    },
  });
  return { ...slots, pgbouncer };
}

const full = (clientsWaiting: number) => (second: number) => ({
  clientsWaiting,
  serversActive: 10,
  serversIdle: 0,
  maxWaitMs: second * 1000,
});

const fullForASecond = (second: number): Partial<PgbouncerPool> => (second === 9 ? full(4)(0) : {});

const activeRun = (active: number, cores: number, options: SyntheticRunOptions = {}): ArtifactSlots => ({
  ...syntheticRun({
    ...options,
    change: { postgres: (sample) => ({ ...sample, activeByWait: [{ wait: 'CPU', count: active }] }) },
  }),
  host: {
    status: 'ok',
    value: new Map([
      [
        'host',
        [
          {
            atMs: 6000,
            data: {
              cores,
              cpuPercent: 50,
              stealPercent: 0,
              memoryTotalBytes: 8e9,
              memoryAvailableBytes: 4e9,
              pressure: null,
            },
          },
        ],
      ],
    ]),
  },
});

describe('pool-exhausted', () => {
  test.for(noiseLevels)('names an application that holds transactions, at noise %d', (noise) => {
    const titles = seeds.map(
      (seed) =>
        findingOf(
          poolExhausted,
          withPool(openTransactions('SELECT 1', 9, { noise, seed }), { pool: full(12) }),
        ).title,
    );
    expect(titles).toEqual(
      seeds.map(
        () =>
          '12 clients wait at the pool mcp/app: the application holds its connections in open transactions',
      ),
    );
  });

  test('names a saturated database when more sessions are active than there are cores', () => {
    const { title, advice } = findingOf(poolExhausted, withPool(activeRun(9, 4), { pool: full(3) }));
    expect(title).toBe('3 clients wait at the pool mcp/app: the database is saturated');
    expect(advice[0]).toContain('a larger pool would only move the queue');
  });

  test('names a pool that is too small when the database could do more', () => {
    const { title, verdict, impact } = findingOf(
      poolExhausted,
      withPool(activeRun(2, 4), { pool: full(30) }),
    );
    expect(title).toBe('30 clients wait at the pool mcp/app: 10 server connections are too few');
    expect(verdict).toBe('fail');
    expect(impact).toBe(0.75);
  });

  test('fails a long average wait that no sample happened to see', () => {
    expect(judge(poolExhausted, withPool(activeRun(2, 4), { waitMsPerTransaction: 25 })).verdict).toBe(
      'fail',
    );
    expect(judge(poolExhausted, withPool(activeRun(2, 4), { waitMsPerTransaction: 5 })).verdict).toBe('pass');
  });

  test('says what PostgreSQL would tell when it was not read', () => {
    const finding = findingOf(
      poolExhausted,
      withPool(without(syntheticRun(), 'postgres'), { pool: full(12) }),
    );
    expect(finding.title).toBe('12 clients wait at the pool mcp/app');
    expect(finding.counterEvidence).toHaveLength(1);
    expect(finding.advice[0]).toContain('--pg');
  });

  test('notes that DISCARD ALL runs after every transaction', () => {
    const { evidence } = findingOf(
      poolExhausted,
      withPool(syntheticRun(), { settings: { resetAfterTransaction: 'DISCARD ALL' } }),
    );
    expect(evidence.at(-1)?.text).toBe(
      'server_reset_query_always is on: `DISCARD ALL` runs after each transaction (50/s), and the server connection serves nobody meanwhile: 0 of them on average.',
    );
  });

  test.for(noiseLevels)('passes a pool at which somebody waits for a moment, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) =>
        judge(poolExhausted, withPool(syntheticRun({ noise, seed }), { pool: fullForASecond })).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('is not checked without PgBouncer', () => {
    expect(judge(poolExhausted, without(syntheticRun(), 'pgbouncer')).verdict).toBe('not-checked');
  });
});
