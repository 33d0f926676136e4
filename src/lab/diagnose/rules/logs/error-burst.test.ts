import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { loggedError, quietLog, withLog } from '../../../../../test/support/synthetic-logs.ts';
import { seededRandom, syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { errorBurst } from './error-burst.ts';

const steadyAt = 5;
const storm = (second: number) => (second > steadyAt ? loggedError(40) : quietLog);

const few = (second: number) => (second > steadyAt && second % 2 === 0 ? loggedError(1) : quietLog);

const one = (second: number) => (second === 9 ? loggedError(1) : quietLog);

const warnings = (second: number) => (second > steadyAt ? loggedError(40, { level: 'warn' }) : quietLog);

describe('error-burst', () => {
  test('fails a log that tells errors under load only', () => {
    const finding = findingOf(errorBurst, withLog(syntheticRun(), storm));
    expect(finding).toMatchObject({
      verdict: 'fail',
      value: 40,
      title: 'gateway (file a.log) logs 40 OperationalError a second',
    });
    expect(finding.evidence[0]?.text).toMatch(
      /480 times `tool <n> failed`, 40 a second against 0 before the load .* seen first at 10 users and 60 requests a second/,
    );
    expect(finding.counterEvidence).toHaveLength(1);
  });

  test.for(noiseLevels)('fails it at noise %d, whatever the log told before', (noise) => {
    const verdicts = seeds.map((seed) => {
      const random = seededRandom(seed);
      const noisy = (second: number) =>
        loggedError(Math.round(random() * noise * 3) + (second > steadyAt ? 20 : 0));
      return findingOf(errorBurst, withLog(syntheticRun({ noise, seed }), noisy)).verdict;
    });
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test.for(noiseLevels)('passes a log that always tells as many, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => {
      const random = seededRandom(seed);
      const usual = () => loggedError(Math.round(5 + random() * noise * 5));
      return judge(errorBurst, withLog(syntheticRun({ noise, seed }), usual)).verdict;
    });
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('warns of few, and passes a single one', () => {
    expect(findingOf(errorBurst, withLog(syntheticRun(), few)).verdict).toBe('warn');
    expect(findingOf(errorBurst, withLog(syntheticRun(), one)).verdict).toBe('pass');
  });

  test('warnings are no errors', () => {
    expect(findingOf(errorBurst, withLog(syntheticRun(), warnings)).verdict).toBe('pass');
  });

  test('is not checked without a log, and without a load nothing is said of it', () => {
    expect(judge(errorBurst, without(syntheticRun(), 'log')).verdict).toBe('not-checked');
    const unloaded = findingOf(errorBurst, without(withLog(syntheticRun(), storm), 'load'));
    expect(unloaded).toMatchObject({ verdict: 'fail', impact: 0, counterEvidence: [] });
  });
});
