import { expect, test } from 'vitest';
import { statement, syntheticRun } from '../../../../test/support/synthetic-run.ts';
import type { StatementsSample } from '../../timeline/samples.ts';
import { Analysis } from './facts.ts';
import { statementDeltas, type StatementDelta } from './statement-deltas.ts';

function deltasOf(
  statements: (sample: StatementsSample, second: number) => StatementsSample,
): StatementDelta[] {
  return new Analysis(syntheticRun({ seconds: 10, change: { statements } }))
    .facts<'phases' | 'statements', never>()
    .get(statementDeltas);
}

test('counts what the window added, not what the server had seen before', () => {
  const deltas = deltasOf((_, second) => ({
    statements: [
      statement('1', 'SELECT a', 1_000_000 + second * 10, 5_000_000 + second * 30),
      statement('2', 'SELECT b', 7, 90_000),
      statement('3', 'SELECT c', second, second * 10),
    ],
  }));
  expect(
    deltas.map(({ queryId, callsPerS, msPerS, meanMs, share }) => [
      queryId,
      callsPerS,
      msPerS,
      meanMs,
      share,
    ]),
  ).toEqual([
    ['1', 10, 30, 3, 0.75],
    ['3', 1, 10, 10, 0.25],
  ]);
});

test('counts a statement that is first run within the window from zero', () => {
  const deltas = deltasOf((_, second) => ({
    statements: second < 10 ? [] : [statement('1', 'SELECT a', second - 9, (second - 9) * 12)],
  }));
  expect(deltas).toMatchObject([{ callsPerS: 7 / 12, meanMs: 12 }]);
});

test('does not count the past of a statement that a full list showed late', () => {
  const others = Array.from({ length: 50 }, (_, at) => statement(`other-${at}`, 'SELECT x', 5, 5));
  const deltas = deltasOf((_, second) => ({
    statements:
      second < 10
        ? others
        : [...others.slice(1), statement('late', 'SELECT a', 1000 + second, 9000 + second)],
  }));
  expect(deltas.map(({ queryId, meanMs }) => [queryId, meanMs])).toEqual([['late', 1]]);
});
