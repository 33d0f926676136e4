import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { openTransactions } from '../../../../../test/support/open-transactions.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { diagnose } from '../../diagnose.ts';
import { healthCheckHoldsConnection } from './health-check-holds-connection.ts';

describe('health-check-holds-connection', () => {
  test.for(noiseLevels)('is the only finding about probes left in a transaction, at noise %d', (noise) => {
    for (const seed of seeds) {
      const { findings } = diagnose(openTransactions('SELECT 1', 12, { noise, seed }));
      expect(findings.filter(({ verdict }) => verdict === 'fail').map(({ ruleId }) => ruleId)).toEqual([
        'health-check-holds-connection',
      ]);
    }
  });

  test.for([
    'SELECT 1',
    'select 1;',
    '  SELECT 1 AS ok',
    'SELECT $1',
    '/* probe */ select true',
    'SELECT now()',
  ])('knows %s as a probe', (query) => {
    expect(judge(healthCheckHoldsConnection, openTransactions(query, 12)).verdict).toBe('fail');
  });

  test.for(['SELECT 1 FROM tools', 'SELECT id FROM tools LIMIT 1', 'BEGIN', 'UPDATE tools SET x = 1'])(
    'takes %s for real work',
    (query) => {
      expect(judge(healthCheckHoldsConnection, openTransactions(query, 12)).verdict).toBe('pass');
    },
  );

  test('says how many connections the probes hold', () => {
    const { title } = findingOf(
      healthCheckHoldsConnection,
      openTransactions('SELECT 1', 12, { ageS: () => 30 }),
    );
    expect(title).toBe('Health checks hold 12 connections idle in transaction, for up to 30 s');
  });

  test('is not checked without PostgreSQL', () => {
    expect(judge(healthCheckHoldsConnection, without(syntheticRun(), 'postgres')).verdict).toBe(
      'not-checked',
    );
  });
});
