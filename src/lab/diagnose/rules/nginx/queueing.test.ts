import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { accessSecond, withNginx } from '../../../../../test/support/synthetic-nginx.ts';
import { seededRandom, syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import { queueing } from './queueing.ts';

const healthy = () => accessSecond({ 'a:1': 60 }, { requestMs: 5, upstreamMs: 4 });
const queued = () => accessSecond({ 'a:1': 60 }, { requestMs: 205, upstreamMs: 5 });

const slow = () => accessSecond({ 'a:1': 60 }, { requestMs: 305, upstreamMs: 300 });

const untimed = () => ({
  ...accessSecond({}, { requestMs: 0, upstreamMs: 0 }),
  requests: 60,
  unreadable: 60,
});

describe('queueing', () => {
  test.for(noiseLevels)('fails when the time is spent in nginx, at noise %d', (noise) => {
    const verdicts = seeds.map((seed) => {
      const random = seededRandom(seed);
      const noisy = () =>
        accessSecond({ 'a:1': 60 }, { requestMs: 205 + 50 * noise * random(), upstreamMs: 5 });
      return findingOf(queueing, withNginx(syntheticRun({ noise, seed }), noisy)).verdict;
    });
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('tells how the time splits', () => {
    const finding = findingOf(queueing, withNginx(syntheticRun(), queued));
    expect(finding.title).toBe('Requests spend 98 % of their time in nginx');
    expect(finding.evidence[0]?.text).toMatch(/^p95 of the request 20\d ms, of its upstream 5 ms/);
    expect(finding.evidence[1]?.text).toMatch(/^Clients saw /);
  });

  test('fails when connections are dropped, however quick the rest are', () => {
    const finding = findingOf(
      queueing,
      withNginx(syntheticRun(), healthy, (second) => Math.max(0, second - 5)),
    );
    expect(finding.verdict).toBe('fail');
    expect(finding.title).toMatch(/^nginx dropped \d+ connections$/);
  });

  test.for(noiseLevels)('passes a slow gateway, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) => judge(queueing, withNginx(syntheticRun({ noise, seed }), slow)).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'pass'));
  });

  test('is not checked without an access log, nor with one that tells no times', () => {
    expect(judge(queueing, without(syntheticRun(), 'access-log')).verdict).toBe('not-checked');
    expect(judge(queueing, withNginx(syntheticRun(), untimed))).toMatchObject({
      verdict: 'not-checked',
      reason: expect.stringContaining('$request_time'),
    });
  });

  test('needs neither the status page nor the load', () => {
    const run = without(without(withNginx(syntheticRun(), queued), 'nginx'), 'load');
    expect(findingOf(queueing, run).verdict).toBe('fail');
  });
});
