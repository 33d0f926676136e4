import { expect, test } from 'vitest';
import type { LoadMoment } from '../../lab/load/web/stats-answer.ts';
import { joinHistory } from './join-history.ts';

function moment(second: number): LoadMoment {
  return { atMs: second * 1000, users: 1, rps: 1, failuresPerS: 0, p50Ms: 1, p95Ms: 1, p99Ms: 1 };
}

test('moments that come twice are taken once', () => {
  const joined = joinHistory([moment(1), moment(2)], [moment(2), moment(3)]);
  expect(joined).toEqual([moment(1), moment(2), moment(3)]);
});

test('a page that is open for long keeps the last two hours', () => {
  const seconds = Array.from({ length: 7_200 }, (_, second) => moment(second + 1));
  const joined = joinHistory(seconds, [moment(7_201), moment(7_202)]);
  expect(joined).toHaveLength(7_200);
  expect([joined.at(0), joined.at(-1)]).toEqual([moment(3), moment(7_202)]);
});
