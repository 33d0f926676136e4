import { expect, test } from 'vitest';
import { lostSamples } from './perf-target.ts';

test.each([
  'Processed 1200 events and lost 3 chunks!',
  'Processed 1200 samples and lost 4.20%!',
  'WARNING: LOST 5 chunks, Check IO/CPU overload',
  'LOST 12 events!',
  '12% (of 3 chunks LOST!',
  'Events are being lost, check IO/CPU overload!',
])('perf lost samples: %s', (output) => {
  expect(lostSamples(output)).toBe(true);
});

test('perf lost nothing', () => {
  expect(lostSamples('[ perf record: Captured and wrote 0.013 MB perf.data (12 samples) ]')).toBe(false);
});
