import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { accessSecond, withNginx } from '../../../../../test/support/synthetic-nginx.ts';
import { seededRandom, syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { upstreamImbalance } from './upstream-imbalance.ts';

const times = { requestMs: 5, upstreamMs: 4 };

describe('upstream-imbalance', () => {
  test.for(noiseLevels)('warns of a replica with twice the requests, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => {
      const random = seededRandom(seed);
      const uneven = () => accessSecond({ 'a:1': Math.round(40 + 10 * noise * random()), 'b:1': 20 }, times);
      return findingOf(upstreamImbalance, withNginx(syntheticRun({ noise, seed }), uneven)).verdict;
    });
    expect(verdicts).toEqual(seeds.map(() => 'warn'));
  });

  test('names the busiest and the least busy', () => {
    const finding = findingOf(
      upstreamImbalance,
      withNginx(syntheticRun(), () => accessSecond({ 'a:1': 10, 'b:1': 40 }, times)),
    );
    expect(finding).toMatchObject({ value: 4, title: 'nginx sends b:1 4 times the requests of a:1' });
    expect(finding.evidence[0]?.text).toMatch(/^b:1: 480 requests, 80 % of all, p95 4(\.\d+)? ms/);
  });

  test.for(noiseLevels)('passes an even spread, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => {
      const random = seededRandom(seed);
      const some = (): number => Math.round(30 + 10 * noise * random());
      const even = () => accessSecond({ 'a:1': some(), 'b:1': some() }, times);
      return judge(upstreamImbalance, withNginx(syntheticRun({ noise, seed }), even)).verdict;
    });
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('is not checked with one upstream, with few requests, or without an access log', () => {
    const single = withNginx(syntheticRun(), () => accessSecond({ 'a:1': 60 }, times));
    const few = withNginx(syntheticRun(), () => accessSecond({ 'a:1': 2, 'b:1': 1 }, times));
    for (const run of [single, few, without(syntheticRun(), 'access-log')]) {
      expect(judge(upstreamImbalance, run).verdict).toBe('not-checked');
    }
  });
});
