import { expect, test } from 'vitest';
import { awayTimes } from './away-times.ts';

const phases = [
  { name: 'baseline' as const, startMs: 0, endMs: 10_000 },
  { name: 'steady' as const, startMs: 10_000, endMs: 40_000 },
];
const tally = { ok: true, gaps: 2, costMs: 1 };
const tallies = [
  { ...tally, name: 'redis', target: 'redis a', samples: 20 },
  { ...tally, name: 'prometheus', target: 'gateway', samples: 0 },
];
const redis = { source: 'redis', target: 'redis a', error: 'refused' };

test('what was away is told by phase, all its gaps together', () => {
  const gaps = [
    { ...redis, startMs: 8000, endMs: 14_000 },
    { ...redis, startMs: 20_000, endMs: 27_000 },
  ];
  expect(awayTimes(gaps, phases, tallies)).toEqual([
    { source: 'redis', target: 'redis a', phase: 'baseline', awayMs: 2000 },
    { source: 'redis', target: 'redis a', phase: 'steady', awayMs: 11_000 },
  ]);
});

test('what could never be read is not away, nor is the edge of a phase', () => {
  const gaps = [
    { source: 'prometheus', target: 'gateway', error: '404', startMs: 0, endMs: 40_000 },
    { ...redis, startMs: 9700, endMs: 12_000 },
  ];
  expect(awayTimes(gaps, phases, tallies)).toMatchObject([{ phase: 'steady', awayMs: 2000 }]);
});
