import { describe, expect, test } from 'vitest';
import { tableCounters } from '../../../../test/support/synthetic-run.ts';
import type { SizedTable } from '../../collect/postgres/tables.ts';
import { limitsWith } from '../limits.ts';
import { judgeTables, type TablesReading } from './tables.ts';

const limits = limitsWith({});

const sized = (table: string, counters: Partial<SizedTable> = {}): SizedTable => ({
  ...tableCounters(table, { liveRows: 50_000, ...counters }),
  totalBytes: counters.totalBytes === undefined ? 8192 : counters.totalBytes,
});

const reading = (atMs: number, tables: SizedTable[], statsResetMs: number | null = 1): TablesReading => ({
  atMs,
  statsResetMs,
  tables,
});

/** A window of ten seconds in which the counters of a table grew by those given. */
const windowOf = (grown: Partial<SizedTable>): ReturnType<typeof judgeTables> => {
  const before = sized('call', { ...grown, seqScan: 1000, seqTupRead: 9e9, idxScan: 70 });
  const after = sized('call', {
    ...grown,
    seqScan: 1000 + (grown.seqScan ?? 0),
    seqTupRead: 9e9 + (grown.seqTupRead ?? 0),
    idxScan: 70 + (grown.idxScan ?? 0),
  });
  return judgeTables(reading(10_000, [after]), reading(0, [before]), limits);
};

const lifetimeOf = (counters: Partial<SizedTable>): ReturnType<typeof judgeTables> =>
  judgeTables(reading(0, [sized('call', counters)]), undefined, limits);

describe('over a window', () => {
  test('figures are what the window added', () => {
    const { tables, windowMs } = windowOf({ seqScan: 4, seqTupRead: 4000, idxScan: 3 });
    expect(windowMs).toBe(10_000);
    expect(tables).toMatchObject([{ seqScan: 4, seqTupRead: 4000, idxScan: 3, rowsPerSeqScan: 1000 }]);
  });

  test('much reading of whole tables fails, also when parallel workers share it', () => {
    for (const perScan of [50_000, 16_700]) {
      const { verdict, remarks } = windowOf({ seqScan: 1e7 / perScan, seqTupRead: 1e7 });
      expect(verdict).toBe('fail');
      expect(remarks[0]?.text).toMatch(/^call: 1M rows\/s by .* reading the whole table of 50K rows/);
    }
  });

  test('much reading of a small part is a warning', () => {
    const { verdict, remarks } = windowOf({ seqScan: 5000, seqTupRead: 5e6 });
    expect(verdict).toBe('warn');
    expect(remarks[0]?.text).toContain('reading 1000 rows each time, of 50K');
  });

  test('a large table that is read as a whole each second is a warning, a rare scan is none', () => {
    expect(windowOf({ seqScan: 10, seqTupRead: 200_000, liveRows: 20_000 }).verdict).toBe('warn');
    expect(windowOf({ seqScan: 9, seqTupRead: 180_000, liveRows: 20_000 }).verdict).toBe('ok');
  });

  test('scans of small tables are fine, however many', () => {
    expect(windowOf({ liveRows: 999, seqScan: 50_000, seqTupRead: 5e7 }).verdict).toBe('ok');
  });

  test('a reset in between is told, and counted from zero', () => {
    const before = reading(0, [sized('call', { seqScan: 900, seqTupRead: 9e9 })], 1);
    const after = reading(1000, [sized('call', { seqScan: 2, seqTupRead: 20 })], 500);
    const { tables, notes } = judgeTables(after, before, limits);
    expect(tables).toMatchObject([{ seqScan: 2, seqTupRead: 20 }]);
    expect(notes).toEqual([expect.stringContaining('before the statistics were reset')]);
  });
});

describe('since the last reset', () => {
  test('billions of rows fail', () => {
    expect(lifetimeOf({ seqScan: 3e6, seqTupRead: 1e9 }).verdict).toBe('fail');
    expect(lifetimeOf({ seqScan: 3e6, seqTupRead: 9.9e8 }).verdict).toBe('ok');
  });

  test('many scans of a whole large table are a warning', () => {
    expect(lifetimeOf({ seqScan: 1000, seqTupRead: 5e7 }).verdict).toBe('warn');
    expect(lifetimeOf({ seqScan: 999, seqTupRead: 5e7 }).verdict).toBe('ok');
  });
});

test('the fifteen tables that were read most are shown, with their schema unless it is public', () => {
  const all = Array.from({ length: 20 }, (_, at) =>
    sized(`t${at}`, { schema: at === 19 ? 'audit' : 'public', seqTupRead: at, totalBytes: null }),
  );
  const { tables, notes } = judgeTables(reading(0, all), undefined, limits);
  expect(tables.map(({ table }) => table).slice(0, 2)).toEqual(['audit.t19', 't18']);
  expect(tables).toHaveLength(15);
  expect(notes).toEqual([expect.stringContaining('locked exclusively')]);
});
