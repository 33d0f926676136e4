import { expect, test } from 'vitest';
import { counted, figure, percent, shortSql } from './figures.ts';

test('figures have three digits, or thousands apart', () => {
  expect([0, 0.5234, 12.34, 99.96, 100.4, 1234.5, 1_234_567].map(figure)).toEqual([
    '0',
    '0.523',
    '12.3',
    '100',
    '100',
    '1,235',
    '1,234,567',
  ]);
});

test('a small share does not vanish', () => {
  expect([0, 0.000_005, 0.0004, 0.009, 0.01, 0.5, 1].map(percent)).toEqual([
    '0 %',
    'less than 0.01 %',
    '0.04 %',
    '0.9 %',
    '1 %',
    '50 %',
    '100 %',
  ]);
});

test('counts agree with their noun', () => {
  expect([counted(1, 'sample'), counted(2000, 'row')]).toEqual(['1 sample', '2,000 rows']);
});

test('SQL becomes one line of bounded length', () => {
  expect(shortSql('SELECT *\n  FROM tools', 40)).toBe('SELECT * FROM tools');
  expect(shortSql('SELECT aaaaaaaaaa', 10)).toBe('SELECT aa…');
});
