import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import { syntheticRun } from '../../../../../test/support/synthetic-run.ts';
import type { LoadSample } from '../../../timeline/samples.ts';
import { failedRequests } from './failed-requests.ts';

const failing =
  (failures: number, inSecond: (second: number) => boolean = () => true) =>
  (sample: LoadSample, second: number): LoadSample => {
    const calls = sample.byName['tools/call demo-echo'];
    if (calls === undefined || !inSecond(second)) return sample;
    const failed = { ...calls, failures, failuresByKind: { 'http 503': failures } };
    return { ...sample, byName: { ...sample.byName, 'tools/call demo-echo': failed } };
  };

describe('failed-requests', () => {
  test.for(noiseLevels)('fails from one percent on, whatever the noise (%d)', (noise) => {
    const verdicts = seeds.map(
      (seed) => judge(failedRequests, syntheticRun({ noise, seed, change: { load: failing(3) } })).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'fail'));
  });

  test('warns of a few failures', () => {
    const change = { load: failing(2, (second) => second === 8) };
    expect(judge(failedRequests, syntheticRun({ change })).verdict).toBe('warn');
  });

  test('passes a run without failures', () => {
    expect(judge(failedRequests, syntheticRun()).verdict).toBe('pass');
  });

  test('names what failed and how', () => {
    const { evidence, title, value } = findingOf(
      failedRequests,
      syntheticRun({ seconds: 10, change: { load: failing(6) } }),
    );
    expect(title).toBe('10 % of the requests fail');
    expect(value).toBe(10);
    expect(evidence[1]?.text).toBe('`tools/call demo-echo`: 60 of 500 requests failed with http 503.');
  });

  test('is not checked without load', () => {
    expect(judge(failedRequests, without(syntheticRun(), 'load')).verdict).toBe('not-checked');
  });
});
