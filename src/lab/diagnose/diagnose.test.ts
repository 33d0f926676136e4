import { describe, expect, test } from 'vitest';
import { noiseLevels, seeds, without } from '../../../test/support/judge-rule.ts';
import { loggedError, withLog } from '../../../test/support/synthetic-logs.ts';
import { accessSecond, withNginx } from '../../../test/support/synthetic-nginx.ts';
import { syntheticRun } from '../../../test/support/synthetic-run.ts';
import { planKeeping, scansOfLargeTable } from '../../../test/support/large-table.ts';
import { openTransactions } from '../../../test/support/open-transactions.ts';
import { charts } from '../timeline/charts.ts';
import { diagnose } from './diagnose.ts';
import { defineRule, type Rule, type RuleOutcome } from './rule.ts';
import { rules } from './rules/index.ts';

const outcome = (verdict: 'fail' | 'warn' | 'pass', impact = 0.5, confidence = 0.5): RuleOutcome => ({
  verdict,
  value: 1,
  unit: 'ms',
  confidence,
  impact,
  evidence: [],
  counterEvidence: [],
  advice: [],
});

const rule = (id: string, evaluate: Rule['evaluate'], more: Partial<Rule> = {}): Rule => ({
  id,
  area: 'gateway',
  title: `Title of ${id}`,
  requires: ['phases'],
  vetoedByGenerator: false,
  evaluate,
  ...more,
});

describe('diagnose', () => {
  test('gives a rule the artifacts it declared and no others', () => {
    const seen: string[][] = [];
    const declared = defineRule({
      id: 'declared',
      area: 'load',
      title: 'Declared',
      requires: ['phases', 'node'],
      optional: ['plans', 'profiles'],
      vetoedByGenerator: false,
      evaluate({ artifacts }) {
        seen.push(Object.keys(artifacts).toSorted());
        return { verdict: 'not-applicable', reason: 'seen' };
      },
    });
    diagnose(without(syntheticRun(), 'plans'), [declared]);
    expect(seen).toEqual([['node', 'phases', 'profiles']]);
  });

  test('does not check a rule whose source was not given, and says why', () => {
    const needs = rule('needs-postgres', () => outcome('fail'), { requires: ['postgres'] });
    const result = diagnose(without(syntheticRun(), 'postgres', 'no PostgreSQL was given'), [needs]);
    expect(result).toEqual({
      findings: [],
      ruledOut: [],
      notChecked: [
        { ruleId: 'needs-postgres', title: 'Title of needs-postgres', reason: 'no PostgreSQL was given' },
      ],
    });
  });

  test('turns a source that could not be read into an error, never into a pass', () => {
    const slots = {
      ...syntheticRun(),
      node: { status: 'error' as const, error: 'gateway: connection refused' },
    };
    const { findings, ruledOut } = diagnose(slots, [
      rule('needs-node', () => outcome('pass'), { requires: ['node'] }),
    ]);
    expect(ruledOut).toEqual([]);
    expect(findings).toMatchObject([
      {
        ruleId: 'needs-node',
        verdict: 'error',
        evidence: [{ text: 'node could not be read: gateway: connection refused' }],
      },
    ]);
  });

  test('survives a rule that throws', () => {
    const { findings } = diagnose(syntheticRun(), [
      rule('broken', () => {
        throw new RangeError('out of range');
      }),
      rule('sound', () => outcome('fail')),
    ]);
    expect(findings.map(({ ruleId, verdict }) => [ruleId, verdict])).toEqual([
      ['sound', 'fail'],
      ['broken', 'error'],
    ]);
    expect(findings[1]?.evidence[0]?.text).toBe('the rule failed: out of range');
  });

  test('ranks fail before warn before error, then by impact and confidence', () => {
    const { findings, ruledOut } = diagnose(syntheticRun(), [
      rule('sure-but-small', () => outcome('fail', 0.1, 1)),
      rule('warned', () => outcome('warn', 1, 1)),
      rule('passed', () => outcome('pass')),
      rule('likely', () => outcome('fail', 0.9, 0.8)),
      rule('large-but-unsure', () => outcome('fail', 1, 0.3)),
    ]);
    expect(findings.map(({ ruleId }) => ruleId)).toEqual([
      'likely',
      'large-but-unsure',
      'sure-but-small',
      'warned',
    ]);
    expect(ruledOut.map(({ ruleId }) => ruleId)).toEqual(['passed']);
  });

  describe('when the load generator is saturated', () => {
    const vetoed = rule('latency', () => outcome('fail'), { vetoedByGenerator: true });
    const measured = rule('counters', () => outcome('fail'));

    test('does not believe findings about latency', () => {
      const { findings, notChecked } = diagnose(syntheticRun(), [
        rule('generator-saturated', () => outcome('fail')),
        vetoed,
        measured,
      ]);
      expect(findings.map(({ ruleId }) => ruleId)).toEqual(['counters', 'generator-saturated']);
      expect(notChecked).toMatchObject([
        { ruleId: 'latency', reason: expect.stringContaining('generator was saturated') },
      ]);
    });

    test('still believes them when it only came near its limits', () => {
      const { findings } = diagnose(syntheticRun(), [
        rule('generator-saturated', () => outcome('warn')),
        vetoed,
      ]);
      expect(findings.map(({ ruleId }) => ruleId)).toEqual(['latency', 'generator-saturated']);
    });
  });

  test('repeats byte for byte', () => {
    const once = JSON.stringify(diagnose(syntheticRun({ noise: 1, seed: 7 })));
    expect(JSON.stringify(diagnose(syntheticRun({ noise: 1, seed: 7 })))).toBe(once);
  });

  describe('a healthy stack', () => {
    test.for(noiseLevels)('fails nothing at noise %d', (noise) => {
      const failing = seeds.flatMap((seed) =>
        diagnose(syntheticRun({ noise, seed }))
          .findings.filter(({ verdict }) => verdict === 'fail' || verdict === 'error')
          .map(({ ruleId }) => ruleId),
      );
      expect(failing).toEqual([]);
    });

    test('on a quiet machine rules every cause out', () => {
      // Growth of memory is judged in minutes.
      const { findings, ruledOut, notChecked } = diagnose(syntheticRun({ seconds: 200 }));
      expect(findings).toEqual([]);
      expect(notChecked).toEqual([]);
      expect(ruledOut.map(({ ruleId }) => ruleId).toSorted()).toEqual(rules.map(({ id }) => id).toSorted());
      expect(ruledOut.filter(({ evidence }) => evidence.length === 0)).toEqual([]);
    });
  });

  test('evidence points at charts that the timeline has', () => {
    const runs = [
      syntheticRun(),
      scansOfLargeTable(50_000, { plans: planKeeping(0.01) }),
      syntheticRun({
        seconds: 200,
        change: {
          node: (sample, second) => ({ ...sample, heapUsedBytes: (40 + second / 5) * 1e6 }),
          process: (sample, second) => ({ ...sample, rssBytes: (90 + second / 5) * 1e6 }),
        },
      }),
      openTransactions('SELECT 1', 12),
      openTransactions('COMMIT PREPARED', 12),
      syntheticRun({
        change: { node: (sample) => ({ ...sample, eventLoopDelayP99Ms: 200, eventLoopUtilization: 1 }) },
      }),
      withLog(syntheticRun(), () => loggedError(2, { signature: 'deadlock' })),
      withNginx(
        syntheticRun(),
        () => accessSecond({ a: 10, b: 40 }, { requestMs: 90, upstreamMs: 5 }),
        (second) => second,
      ),
    ];
    const used = runs
      .map((slots) => diagnose(slots))
      .flatMap(({ findings, ruledOut }) => [...findings, ...ruledOut])
      .flatMap(({ evidence, counterEvidence }) => [...evidence, ...counterEvidence])
      .flatMap(({ chart }) => chart ?? []);
    const known: string[] = charts.map(({ id }) => id);
    expect([...new Set(used)].filter((id) => !known.includes(id))).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
  });

  test('a run that was cut off in the ramp is judged by what there is', () => {
    const slots = {
      ...syntheticRun(),
      phases: { status: 'ok' as const, value: [{ name: 'ramp' as const, startMs: 2000, endMs: 9000 }] },
    };
    expect(diagnose(slots).notChecked.map(({ ruleId }) => ruleId)).toEqual(['memory-growing']);
  });
});
