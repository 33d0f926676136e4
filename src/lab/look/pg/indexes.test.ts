import { describe, expect, test } from 'vitest';
import { tableCounters } from '../../../../test/support/synthetic-run.ts';
import type { IndexState } from '../../collect/postgres/indexes.ts';
import type { SizedTable } from '../../collect/postgres/tables.ts';
import { limitsWith } from '../limits.ts';
import { coveredIndexes } from './covered-indexes.ts';
import { judgeIndexes } from './indexes.ts';

/** An index on columns by number; `(lower)` is an expression. */
const index = (name: string, columns: (number | string)[], more: Partial<IndexState> = {}): IndexState => ({
  schema: 'public',
  table: 'call',
  index: name,
  method: 'btree',
  definition: `CREATE INDEX ${name} …`,
  keys: columns.map((column) => `${typeof column === 'number' ? column : 0} 1978 0 0`),
  included: [],
  expressions: columns.filter((column) => typeof column === 'string').join(', '),
  predicate: '',
  unique: false,
  constraint: false,
  valid: true,
  building: false,
  scans: 1000,
  lastScanMs: null,
  bytes: 20e6,
  ...more,
});

const covered = (...indexes: IndexState[]): string[] =>
  coveredIndexes(indexes).map(({ index: narrow, by }) => `${narrow.index} by ${by.index}`);

describe('an index is covered', () => {
  test('by one that begins with its columns', () => {
    expect(covered(index('a', [1]), index('ab', [1, 2]))).toEqual(['a by ab']);
    expect(covered(index('b', [2]), index('ab', [1, 2]))).toEqual([]);
    expect(covered(index('ba', [2, 1]), index('abc', [1, 2, 3]))).toEqual([]);
  });

  test('by the one that stays, when that covers it by way of others', () => {
    expect(covered(index('a', [1]), index('ab', [1, 2]), index('abc', [1, 2, 3]))).toEqual([
      'a by abc',
      'ab by abc',
    ]);
  });

  test('and the one that covers it is then in use, though nobody uses it yet', () => {
    const reading = {
      atMs: 0,
      statsResetMs: null,
      indexes: [
        index('a', [1]),
        index('ab', [1, 2], { scans: 0, bytes: 1e9 }),
        index('c', [3], { scans: 0, bytes: 1e9 }),
      ],
      tables: [],
    };
    const needless = judgeIndexes(reading, limitsWith({})).needless.map(({ index: name, fault }) => [
      name,
      fault,
    ]);
    expect(needless).toEqual([
      ['c', 'unused'],
      ['a', 'covered'],
    ]);
  });

  test('by an equal one, of which one stays', () => {
    expect(covered(index('x', [1]), index('y', [1]))).toEqual(['y by x']);
    expect(covered(index('x', [1]), index('y', [1], { unique: true }))).toEqual(['x by y']);
  });

  test('never when it keeps values unique, or is for other rows, another table or another method', () => {
    expect(covered(index('a', [1], { unique: true }), index('ab', [1, 2]))).toEqual([]);
    expect(covered(index('a', [1], { predicate: '(id > 7)' }), index('ab', [1, 2]))).toEqual([]);
    expect(covered(index('a', [1], { table: 'tool' }), index('ab', [1, 2]))).toEqual([]);
    expect(covered(index('a', [1], { method: 'hash' }), index('ab', [1, 2]))).toEqual([]);
    expect(covered(index('a', [1]), index('ab', [1, 2], { valid: false }))).toEqual([]);
  });

  test('only when the other carries its further columns too, and has the same expressions', () => {
    expect(covered(index('a', [1], { included: [9] }), index('ab', [1, 2]))).toEqual([]);
    expect(covered(index('a', [1], { included: [2] }), index('ab', [1, 2]))).toEqual(['a by ab']);
    expect(covered(index('l', ['lower']), index('u', ['upper']))).toEqual([]);
    expect(covered(index('l', ['lower']), index('m', ['lower']))).toEqual(['m by l']);
  });
});

const table = (counters: Partial<SizedTable>): SizedTable => ({
  ...tableCounters('call', { liveRows: 10_000, ...counters }),
  totalBytes: 0,
});

const judge = (what: { indexes?: IndexState[]; tables?: SizedTable[] }): ReturnType<typeof judgeIndexes> =>
  judgeIndexes({ atMs: 0, statsResetMs: null, indexes: [], tables: [], ...what }, limitsWith({}));

const faultsOf = (more: Partial<IndexState>): string[] =>
  judge({ indexes: [index('a', [1], { scans: 50, ...more })] }).needless.map(({ fault }) => fault);

describe('indexes', () => {
  test('are missed by a large table whose scans mostly use none', () => {
    expect(judge({ tables: [table({ seqScan: 6, idxScan: 94 })] })).toMatchObject({
      verdict: 'warn',
      missing: [{ table: 'call', indexUsePercent: 94 }],
    });
    expect(judge({ tables: [table({ seqScan: 5, idxScan: 95 })] }).missing).toEqual([]);
    expect(judge({ tables: [table({ seqScan: 6, liveRows: 9999 })] }).missing).toEqual([]);
    expect(judge({ tables: [table({})] }).missing).toEqual([]);
  });

  test('are unused when large and scanned 50 times at most, unless they keep a constraint', () => {
    expect(faultsOf({})).toEqual(['unused']);
    expect(faultsOf({ scans: 51 })).toEqual([]);
    expect(faultsOf({ bytes: 9.9e6 })).toEqual([]);
    expect(faultsOf({ bytes: null })).toEqual([]);
    expect(faultsOf({ unique: true })).toEqual([]);
    expect(faultsOf({ constraint: true })).toEqual([]);
  });

  test('are invalid when their building ended early, not while it goes on', () => {
    const { needless, remarks } = judge({
      indexes: [index('a', [1], { valid: false }), index('b', [2], { valid: false, building: true })],
    });
    expect(needless).toMatchObject([{ index: 'a', fault: 'invalid' }]);
    expect(remarks[0]?.advice).toContain('REINDEX INDEX CONCURRENTLY');
  });
});
