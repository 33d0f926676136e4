import { describe, expect, test } from 'vitest';
import type { StatementState } from '../../collect/postgres/statement-states.ts';
import { limitsWith } from '../limits.ts';
import { judgeStatements, type StatementOrder, type StatementsReading } from './statements.ts';

const limits = limitsWith({});

const state = (queryId: string, counters: Partial<StatementState> = {}): StatementState => ({
  queryId,
  topLevel: true,
  query: `select ${queryId}`,
  calls: 0,
  totalMs: 0,
  rows: 0,
  sharedBlksHit: 0,
  sharedBlksRead: 0,
  tempBlksWritten: 0,
  readMs: 0,
  ...counters,
});

const reading = (
  atMs: number,
  statements: StatementState[],
  more: Partial<StatementsReading> = {},
): StatementsReading => ({
  atMs,
  role: 'watcher',
  hidden: 0,
  dealloc: 0,
  most: 5000,
  statsResetMs: 1,
  blockBytes: 8192,
  statements,
  ...more,
});

const judge = (
  after: StatementsReading,
  before?: StatementsReading,
  sort: StatementOrder = 'total',
): ReturnType<typeof judgeStatements> => judgeStatements(after, before, { sort, limits });

const judgeOne = (counters: Partial<StatementState>): ReturnType<typeof judgeStatements> =>
  judge(reading(0, [state('1', counters)]));

describe('statements', () => {
  test('show what the window added, with rates and the share of the time', () => {
    const before = reading(0, [state('1', { calls: 100, totalMs: 9000 }), state('2', { calls: 4 })]);
    const after = reading(10_000, [
      state('1', { calls: 120, totalMs: 9030, rows: 20, sharedBlksHit: 30, sharedBlksRead: 10 }),
      state('2', { calls: 5, totalMs: 90 }),
      state('3', { calls: 0 }),
    ]);
    expect(judge(after, before)).toMatchObject({
      windowMs: 10_000,
      called: 2,
      statements: [
        { queryId: '2', calls: 1, totalMs: 90, timeShare: 0.75 },
        { queryId: '1', calls: 20, callsPerS: 2, totalMs: 30, meanMs: 1.5, rows: 20, hitRatio: 0.75 },
      ],
    });
  });

  test('that were thrown away and came again count from zero, and it is told', () => {
    const before = reading(0, [state('1', { calls: 500, totalMs: 5 })], { dealloc: 2 });
    const after = reading(1000, [state('1', { calls: 3, totalMs: 60 })], { dealloc: 5 });
    const { statements, notes } = judge(after, before);
    expect(statements).toMatchObject([{ calls: 3, totalMs: 60 }]);
    expect(notes).toEqual([
      'statements that were thrown away 3 times, as pg_stat_statements.max (5000) is too small',
    ]);
  });

  test('are ranked as asked', () => {
    const after = reading(0, [
      state('total', { calls: 100, totalMs: 1000 }),
      state('mean', { calls: 1, totalMs: 90 }),
      state('calls', { calls: 900, totalMs: 10 }),
      state('rows', { calls: 2, rows: 1e6, totalMs: 2 }),
      state('temp', { calls: 2, tempBlksWritten: 7, totalMs: 1 }),
    ]);
    for (const sort of ['total', 'mean', 'calls', 'rows', 'temp'] as const) {
      expect(judge(after, undefined, sort).statements[0]?.queryId).toBe(sort);
    }
  });

  test('of at least 20 ms a call are slow once they were called 100 times', () => {
    expect(judgeOne({ calls: 99, totalMs: 99 * 20 }).verdict).toBe('ok');
    const { remarks } = judgeOne({ calls: 100, totalMs: 100 * 20 });
    expect(remarks[0]?.text).toContain("'select 1' takes 20 ms a call (limit 20 ms)");
  });

  test('that have no room in memory are told', () => {
    expect(judgeOne({ calls: 10, tempBlksWritten: 10 }).verdict).toBe('ok');
    const { remarks } = judgeOne({ calls: 10, tempBlksWritten: 2000 });
    expect(remarks[0]?.text).toMatch(/wrote 1\.6 MiB a call to temporary files/);
  });
});
