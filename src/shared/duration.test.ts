import { describe, expect, test } from 'vitest';
import { formatDurationMs, longestTimerMs, parseDurationMs, parseWaitMs } from './duration.ts';

describe('durations are written as load testers write them', () => {
  test.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1h20m', 4_800_000],
    ['500ms', 500],
    ['20', 20_000],
    ['1.5s', 1500],
  ])('%s is %d ms', (text, expectedMs) => {
    expect(parseDurationMs(text)).toBe(expectedMs);
  });

  test.each(['', 's', '10 s', '-5s', '5x', '1s!'])('%j is refused', (text) => {
    expect(() => parseDurationMs(text)).toThrow(/not a duration/);
  });

  test('what is waited for is no longer than a timer can wait', () => {
    expect(parseWaitMs(`${longestTimerMs}ms`)).toBe(longestTimerMs);
    expect(() => parseWaitMs('600h')).toThrow("'600h' is too long: at most 596h31m24s");
  });

  test.each([
    [250, '250ms'],
    [5000, '5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
  ])('%d ms reads as %s', (durationMs, text) => {
    expect(formatDurationMs(durationMs)).toBe(text);
  });
});
