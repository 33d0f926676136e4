import { expect, test } from 'vitest';
import { formatAgeS, formatBytes, formatCount, formatTimeMs } from './quantity.ts';

test.each([
  [0, '0'],
  [9999, '9999'],
  [12_345, '12.3K'],
  [4_560_000, '4.56M'],
  [2.5e9, '2.5B'],
])('a count of %d reads %s', (count, text) => expect(formatCount(count)).toBe(text));

test.each([
  [0, '0 B'],
  [8192, '8 KiB'],
  [1_000_000, '977 KiB'],
  [1.32e9, '1.2 GiB'],
])('%d bytes read %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0.42, '0.4'],
  [12.4, '12'],
  [185, '3m05s'],
  [7800, '2h10m'],
  [432_000, '5d'],
])('an age of %d s reads %s', (seconds, text) => expect(formatAgeS(seconds)).toBe(text));

test.each([
  [0.1234, '0.123 ms'],
  [340, '340 ms'],
  [12_480, '12.5 s'],
])('%d ms read %s', (ms, text) => expect(formatTimeMs(ms)).toBe(text));
