import { describe, expect, test } from 'vitest';
import { findingOf, judge, noiseLevels, seeds, without } from '../../../../../test/support/judge-rule.ts';
import {
  seededRandom,
  syntheticRun,
  type SyntheticRunOptions,
} from '../../../../../test/support/synthetic-run.ts';
import { memoryGrowing } from './memory-growing.ts';

const mb = 1e6;

/** A run of five minutes whose heap and resident memory are what the functions say, with garbage on top of the heap. */
function run(
  {
    heapMb = () => 0,
    externalMb = () => 0,
  }: Partial<Record<'heapMb' | 'externalMb', (second: number) => number>>,
  options: SyntheticRunOptions = {},
) {
  const random = seededRandom(options.seed ?? 1);
  return syntheticRun({
    seconds: 300,
    ...options,
    change: {
      node: (sample, second) => ({
        ...sample,
        heapUsedBytes: (40 + heapMb(second) + (second % 9) + (options.noise ?? 0) * 4 * random()) * mb,
        externalBytes: (2 + externalMb(second)) * mb,
      }),
      process: (sample, second) => ({
        ...sample,
        rssBytes: (90 + heapMb(second) + externalMb(second)) * mb,
      }),
      ...options.change,
    },
  });
}

describe('memory-growing', () => {
  test.for(noiseLevels)('warns of a heap that keeps growing, at noise %d', (noise) => {
    const verdicts = seeds.map(
      (seed) => judge(memoryGrowing, run({ heapMb: (second) => second / 10 }, { noise, seed })).verdict,
    );
    expect(verdicts).toEqual(seeds.map(() => 'warn'));
  });

  test('names what grows, by how much in a minute and for a request', () => {
    const { title, value, evidence, advice } = findingOf(
      memoryGrowing,
      run({ heapMb: (second) => second / 10 }),
    );
    expect(title).toMatch(/^The JavaScript heap of gateway \(pid 100\) grows by \d(\.\d+)? MB a minute$/);
    expect(value).toBeCloseTo(6, 0);
    expect(evidence.map(({ text }) => text).join(' ')).toMatch(/bytes for each request/);
    expect(advice[0]).toContain('gaugeway heap growth');
  });

  test('tells buffers from the heap', () => {
    const { title, counterEvidence } = findingOf(memoryGrowing, run({ externalMb: (second) => second / 10 }));
    expect(title).toContain('outside of the JavaScript heap');
    expect(counterEvidence.map(({ text }) => text).join(' ')).toContain('The JavaScript heap of gateway');
  });

  test('passes memory that warms up, and memory that stays', () => {
    expect(judge(memoryGrowing, run({ heapMb: (second) => 30 * Math.min(1, second / 90) })).verdict).toBe(
      'pass',
    );
    expect(judge(memoryGrowing, run({})).verdict).toBe('pass');
  });

  test('is less sure where only the system counts, as of a gateway that is not Node', () => {
    const grows = run({ heapMb: (second) => second / 10 });
    const outside = findingOf(memoryGrowing, without(grows, 'node'));
    expect(outside.verdict).toBe('warn');
    expect(outside.title).toContain('resident memory');
    expect(outside.confidence).toBeLessThan(findingOf(memoryGrowing, grows).confidence);
  });

  test('says nothing of a short session, whatever grows in it', () => {
    for (const seconds of [12, 30, 60, 120]) {
      const judgement = judge(memoryGrowing, run({ heapMb: (second) => second }, { seconds }));
      expect(judgement).toMatchObject({ verdict: 'not-checked' });
    }
  });

  test('is not checked without a gateway process', () => {
    const change: SyntheticRunOptions['change'] = { process: (sample) => ({ ...sample, role: 'postgres' }) };
    expect(judge(memoryGrowing, syntheticRun({ seconds: 300, change })).verdict).toBe('not-checked');
    expect(judge(memoryGrowing, without(syntheticRun(), 'process')).verdict).toBe('not-checked');
  });
});
