import { expect, test } from 'vitest';
import { parsePrometheusText } from './prometheus-text.ts';

test('samples are read by name and labels as exposed, without the buckets of histograms', () => {
  const text = `# HELP calls Calls, all of them
# TYPE calls counter
calls_total{tool="a",ok="true"} 12 1700000000000
calls_total{tool="quote \\" brace } here"} 3
up 1
latency_bucket{le="0.1"} 7
latency_sum 0.75
small 1e-3
nothing NaN
endless +Inf

not a sample
`;
  expect(parsePrometheusText(text)).toEqual({
    'calls_total{tool="a",ok="true"}': 12,
    'calls_total{tool="quote \\" brace } here"}': 3,
    up: 1,
    latency_sum: 0.75,
    small: 0.001,
  });
});

test('no more series are kept than a run can hold', () => {
  const text = Array.from({ length: 6000 }, (_, at) => `metric_${at} ${at}\n`).join('');
  expect(Object.keys(parsePrometheusText(text))).toHaveLength(5000);
});
