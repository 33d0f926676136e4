import { describe, expect, it } from 'vitest';
import { LatencySketch } from '../../shared/latency-sketch.ts';
import { keeps, measure, parseThreshold, unitOf } from './thresholds.ts';

const measured = (latenciesMs: number[], failures = 0, durationMs = 1000) => {
  const latency = new LatencySketch();
  for (const ms of latenciesMs) latency.record(ms * 1000);
  return { requests: latenciesMs.length, failures, durationMs, latency };
};

describe('a threshold is read', () => {
  it.each([
    ['p95<200ms', undefined, { kind: 'percentile', percent: 95 }, '<', 200, 'ms'],
    ['p99.9 <= 1.5s', undefined, { kind: 'percentile', percent: 99.9 }, '<=', 1500, 'ms'],
    ['mean<20ms', undefined, { kind: 'mean' }, '<', 20, 'ms'],
    ['max<1m', undefined, { kind: 'max' }, '<', 60_000, 'ms'],
    ['error_rate<1%', undefined, { kind: 'error_rate' }, '<', 1, '%'],
    ['rps>=100', undefined, { kind: 'rps' }, '>=', 100, '/s'],
    ['rps > 0.5/s', undefined, { kind: 'rps' }, '>', 0.5, '/s'],
    ['tools/call:p99<500ms', 'tools/call', { kind: 'percentile', percent: 99 }, '<', 500, 'ms'],
    ['tools/call a:b: p50<5ms', 'tools/call a:b', { kind: 'percentile', percent: 50 }, '<', 5, 'ms'],
  ])('%s', (text, namePrefix, metric, comparison, limit, unit) => {
    const threshold = parseThreshold(text);
    expect(threshold).toEqual({ text, namePrefix, eachSecond: false, metric, comparison, limit });
    expect(unitOf(threshold)).toBe(unit);
    const bySecond = `${text} each second`;
    expect(parseThreshold(bySecond)).toEqual({ ...threshold, text: bySecond, eachSecond: true });
  });

  it.each([
    ['p95', /write a metric, < or >, and a limit/],
    ['p95<200ms<300ms', /write a metric, < or >, and a limit/],
    ['p95<200', /'200' is no limit of p95: write it like 200ms/],
    ['p95<1.2.3ms', /'1\.2\.3ms' is no limit of p95/],
    ['error_rate<0.01', /'0\.01' is no limit of error_rate: write it like 1%/],
    ['rps>100ms', /'100ms' is no limit of rps: write it like 100\/s/],
    ['p0<1ms', /there is no metric 'p0'/],
    ['p100<1ms', /there is no metric 'p100' \(there are p50, .* max, error_rate, rps\)/],
    ['median<1ms', /there is no metric 'median'/],
    [':p95<1ms', /no request name stands before the colon/],
    ['p95<', /'' is no limit of p95/],
    ['', /write a metric/],
    [`${'a'.repeat(5000)}:p95<1ms`, /write a metric/],
  ])('%s is refused with what is wrong with it', (text, message) => {
    expect(() => parseThreshold(text)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => parseThreshold(text)).toThrow(message);
  });
});

describe('a threshold measures', () => {
  const ten = measured([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 2, 500);
  it.each([
    ['max<1ms', 100],
    ['mean<1ms', 14.5],
    ['error_rate<1%', 20],
    ['rps>1', 20],
  ])('%s', (text, value) => {
    expect(measure(parseThreshold(text), ten)).toBe(value);
  });

  it('percentiles, within the sketch’s half percent', () => {
    expect(measure(parseThreshold('p50<1ms'), ten)).toBeCloseTo(5, 1);
  });

  it('nothing but a rate where no request finished', () => {
    const none = measured([]);
    expect(measure(parseThreshold('p95<1ms'), none)).toBeNull();
    expect(measure(parseThreshold('error_rate<1%'), none)).toBeNull();
    expect(measure(parseThreshold('rps>1'), none)).toBe(0);
  });
});

it.each([
  ['rps<10', 10, false],
  ['rps<=10', 10, true],
  ['rps>10', 10, false],
  ['rps>=10', 10, true],
])('%s is kept by %d: %s', (text, value, kept) => {
  expect(keeps(parseThreshold(text), value)).toBe(kept);
});
