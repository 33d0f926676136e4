import { expect, test } from 'vitest';
import { codeOf, maskStatement } from './mask-statement.ts';

test.each([
  ['SELECT 1', 'SELECT 1'],
  ["select * from t where a = 'it''s' and b = 7", "select * from t where a = '***' and b = 7"],
  [String.raw`select E'a\'b', 2`, "select '***', 2"],
  ['select $$secret$$, $tag$ it is $$ secret $tag$', "select '***', '***'"],
  ["select * from t where a = 'cut o", "select * from t where a = '***'"],
  ['select "column\'s" from t', 'select "column\'s" from t'],
  ['select $1, $2', 'select $1, $2'],
])('constants are hidden, numbers and parameters stay: %s', (sql, masked) => {
  expect(maskStatement(sql)).toBe(masked);
});

test('comments are no code, and quotes within constants hide no second statement', () => {
  expect(codeOf("select 1 -- drop; it\n, /* for update; */ '; delete' as a").replaceAll(/\s+/g, ' ')).toBe(
    "select 1 , '***' as a",
  );
  expect(codeOf("select 'a'; delete from t")).toBe("select '***'; delete from t");
  expect(codeOf("select 1 -- it's\n; delete from t")).toBe('select 1  \n; delete from t');
});
