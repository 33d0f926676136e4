import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { loggedError, quietLog, withLog } from '../../../../../test/support/synthetic-logs.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { knownSignature } from './known-signature.ts';

const template = 'terminating connection due to idle-in-transaction timeout';
const timeouts = (second: number) =>
  second === 8 ? loggedError(2, { template, signature: 'idle transaction timeout' }) : quietLog;

const resets = (second: number) =>
  second > 5 ? loggedError(1, { signature: 'connection reset' }) : quietLog;

const early = (second: number) => (second === 1 ? loggedError(2, { signature: 'deadlock' }) : loggedError(1));

describe('known-signature', () => {
  test.for(noiseLevels)('fails what says by itself what is wrong, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) => findingOf(knownSignature, withLog(syntheticRun({ noise, seed }), timeouts)).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('tells how often and since which load, what it means and what to do', () => {
    const finding = findingOf(knownSignature, withLog(syntheticRun(), timeouts));
    expect(finding).toMatchObject({
      value: 2,
      unit: 'entries',
      title: 'gateway (file a.log) tells of idle transaction timeout, 2 times',
    });
    expect(finding.evidence[0]?.text).toContain(
      'first at 10 users: PostgreSQL or PgBouncer closed connections',
    );
    expect(finding.advice[0]).toMatch(/^Gaugeway pg stuck|^gaugeway pg stuck/i);
  });

  test('warns of what may be ordinary', () => {
    expect(findingOf(knownSignature, withLog(syntheticRun(), resets)).verdict).toBe('warn');
  });

  test('passes what was said before the load only, and ordinary errors', () => {
    expect(findingOf(knownSignature, withLog(syntheticRun(), early)).verdict).toBe('pass');
  });

  test('is not checked without a log', () => {
    expect(judge(knownSignature, without(syntheticRun(), 'log')).verdict).toBe('not-checked');
  });
});
