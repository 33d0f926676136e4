import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { openTransactions } from '../../../../../test/support/open-transactions.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { idleInTransaction } from './idle-in-transaction.ts';

const update = 'UPDATE tools SET last_seen = now() WHERE id = $1';

describe('idle-in-transaction', () => {
  test.for(noiseLevels)('fails many sessions that nobody works in, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) => judge(idleInTransaction, openTransactions(update, 12, { noise, seed })).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('names how many, for how long, and what they ran last', () => {
    const { title, value, evidence } = findingOf(
      idleInTransaction,
      openTransactions(update, 12, { ageS: () => 40 }),
    );
    expect(title).toBe('13 connections idle in transaction, for up to 40 s');
    expect(value).toBe(13);
    expect(evidence[1]?.text).toBe(`12 sessions on average of app ran last: ${update}`);
  });

  test('fails young ones too when they are half of the connections', () => {
    expect(judge(idleInTransaction, openTransactions(update, 30, { ageS: () => 0.5 })).verdict).toBe('fail');
    expect(judge(idleInTransaction, openTransactions(update, 5, { ageS: () => 0.5 })).verdict).toBe('pass');
  });

  test('warns of a single forgotten transaction', () => {
    expect(judge(idleInTransaction, openTransactions(update, 1, { ageS: () => 90 })).verdict).toBe('warn');
  });

  test('leaves health probes to their own rule', () => {
    expect(judge(idleInTransaction, openTransactions('SELECT 1', 12)).verdict).toBe('pass');
  });

  test.for(noiseLevels)('passes the short transactions of a working application, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => judge(idleInTransaction, syntheticRun({ noise, seed })).verdict);
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('is not checked without PostgreSQL', () => {
    expect(judge(idleInTransaction, without(syntheticRun(), 'postgres')).verdict).toBe('not-checked');
  });
});
