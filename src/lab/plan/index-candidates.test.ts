import { describe, expect, test } from 'vitest';
import { comparedColumns, type ComparedColumn } from './compared-columns.ts';
import { coveringIndex, indexColumns, type TableStatistics } from './index-candidates.ts';

const found = async (condition: string): Promise<string[]> =>
  (await comparedColumns(condition)).map(
    ({ qualifier, column, by, joins }) => `${qualifier ?? ''}.${column} ${by}${joins ? ' joins' : ''}`,
  );

describe('the columns that a condition compares', () => {
  test.each([
    [
      `((c.tool_id = 'x'::text) AND (c."timestamp" >= (now() - '7 days'::interval)))`,
      ['c.tool_id equality', 'c.timestamp range'],
    ],
    [`(tool = ANY ('{a,b}'::text[]))`, ['.tool equality']],
    [`((name)::text = '***'::text)`, ['.name equality']],
    [
      '((is_success IS NULL) AND done AND (NOT failed))',
      ['.is_success equality', '.done equality', '.failed equality'],
    ],
    ['(1 < size)', ['.size range']],
    ['(m.tool_id = t.id)', ['m.tool_id equality joins', 't.id equality joins']],
    ['(call.at = $1)', ['call.at equality']],
  ])('of %s', async (condition, columns) => {
    expect(await found(condition)).toEqual(columns);
  });

  test.each([
    "((tool = 'a') OR (tool = 'b'))",
    "(lower(tool) = 'a')",
    '((at)::date = CURRENT_DATE)',
    "(tool ~~ '%a%')",
    '(a.x = a.y)',
    '(NOT (hashed SubPlan 1))',
  ])('leave out what a B-tree does not serve: %s', async (condition) => {
    expect(await found(condition)).toEqual([]);
  });

  test('of a result that only a plan can name', async () => {
    expect(await found('(c.size = (InitPlan 1).col1)')).toEqual(['c.size equality']);
  });
});

const equal = (column: string): ComparedColumn => ({
  qualifier: null,
  column,
  by: 'equality',
  joins: false,
});
const range = (column: string): ComparedColumn => ({ ...equal(column), by: 'range' });

describe('the index for comparisons', () => {
  const table: TableStatistics = {
    rows: 100_000,
    columns: new Map([
      ['tool', { distinct: 500, nullShare: 0 }],
      ['id', { distinct: -1, nullShare: 0 }],
      ['ok', { distinct: 2, nullShare: 0 }],
    ]),
    indexes: [{ name: 'call_tool_at', columns: ['tool', 'at'] }],
  };

  test('puts equality before range, the most selective first', () => {
    expect(indexColumns([range('at'), equal('tool')], table)).toEqual(['tool', 'at']);
    expect(indexColumns([equal('tool'), equal('other')], table)).toEqual(['tool', 'other']);
  });

  test('ends where few rows are left', () => {
    expect(indexColumns([equal('tool'), equal('id'), range('at')], table)).toEqual(['id']);
  });

  test('leaves out a column that keeps much of the table', () => {
    expect(indexColumns([equal('ok'), range('at')], table)).toEqual(['at']);
    expect(indexColumns([equal('ok')], table)).toEqual([]);
  });

  test('is not needed where one begins with the same columns', () => {
    expect(coveringIndex(['tool'], table)).toBe('call_tool_at');
    expect(coveringIndex(['at', 'tool'], table)).toBe('call_tool_at');
    expect(coveringIndex(['at'], table)).toBeUndefined();
  });
});
