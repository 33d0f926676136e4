import type { StatementsSample } from '../../timeline/samples.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { counterGrowth, shareWithin, sum } from './statistics.ts';
import { elapsedS, readingsIn, steadyWindow } from './window.ts';

/** What one statement cost in the window. */
export interface StatementDelta {
  queryId: string;
  query: string;
  callsPerS: number;
  msPerS: number;
  meanMs: number;
  /** Of the time of all statements seen, 0..1. */
  share: number;
}

type Statement = StatementsSample['statements'][number];

/** A reading that lists fewer statements than this lists all of them (collect takes the top 50). */
const listedStatements = 50;

/** Growth of pg_stat_statements over the window, the most time first. */
export const statementDeltas = defineFact(
  ['phases', 'statements'],
  ({ statements }, facts): StatementDelta[] => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return [];
    const deltas = [...statements.values()].flatMap((series) => deltasOf(readingsIn(series, window)));
    const allMs = sum(deltas.map(({ msPerS }) => msPerS));
    return deltas
      .map((delta) => ({ ...delta, share: shareWithin(delta.msPerS, allMs) }))
      .toSorted((a, b) => b.msPerS - a.msPerS || (a.queryId < b.queryId ? -1 : 1));
  },
);

function deltasOf(samples: readonly Timed<StatementsSample>[]): Omit<StatementDelta, 'share'>[] {
  const seconds = elapsedS(samples);
  if (seconds === 0) return [];
  const first = samples[0]?.data.statements ?? [];
  const complete = first.length < listedStatements;
  const latest = new Map(samples.flatMap(({ data }) => data.statements.map((each) => [each.queryId, each])));
  return [...latest.values()].flatMap((statement) => {
    const readings = samples.flatMap(({ data }) =>
      data.statements.filter((each) => each.queryId === statement.queryId),
    );
    const isNew = complete && !first.some(({ queryId }) => queryId === statement.queryId);
    const growth = (pick: (each: Statement) => number): number =>
      counterGrowth([...(isNew ? [0] : []), ...readings.map(pick)]);
    const calls = growth((each) => each.calls);
    const totalMs = growth((each) => each.totalMs);
    if (calls === 0) return [];
    return [
      {
        queryId: statement.queryId,
        query: statement.query,
        callsPerS: calls / seconds,
        msPerS: totalMs / seconds,
        meanMs: totalMs / calls,
      },
    ];
  });
}
