import { describe, expect, test } from 'vitest';
import { profileWindow } from '../../../test/support/synthetic-profile.ts';
import { loadWindow, syntheticRun, type SyntheticRunOptions } from '../../../test/support/synthetic-run.ts';
import { compareWindows } from './worst-window.ts';

const stack = ['handle /app/server.ts'];
/** Windows of five seconds over the steady phase, which begins after five. */
const profiles = [5000, 10_000, 15_000].map((startMs) => profileWindow([{ stack, ms: 5000 }], startMs));
const run = (
  latencyMs: (second: number) => number,
  options: Partial<SyntheticRunOptions> & { users?: (second: number) => number; requests?: number } = {},
): ReturnType<typeof syntheticRun> => {
  const { users = () => 10, requests = 50, ...rest } = options;
  return syntheticRun({
    seconds: 15,
    profiles,
    change: {
      load: (sample, second) => ({
        ...sample,
        users: users(second),
        byName: { 'tools/call echo': loadWindow(requests, latencyMs(second)) },
      }),
    },
    ...rest,
  });
};
const fewAtTheEnd = (second: number): number => (second > 15 ? 1 : 10);
const slowFromTheMiddle = (second: number): number => (second > 10 ? 900 : 20);

describe('the worst window against a quiet one', () => {
  test('are the profile windows with the highest and the lowest p99', () => {
    const found = compareWindows(
      run((second) => (second > 10 && second <= 15 ? 900 : second > 15 ? 20 : 40)),
    );
    expect(found?.worst).toMatchObject({ startMs: 10_000, endMs: 15_000, users: 10 });
    expect(found?.quiet).toMatchObject({ startMs: 15_000, endMs: 20_000 });
    expect(found?.worst.p99Ms).toBeGreaterThan(800);
    expect(found?.quiet.p99Ms).toBeLessThan(30);
  });

  test('compare at the same load only', () => {
    const found = compareWindows(
      run((second) => (second > 15 ? 5 : second > 10 ? 900 : 40), {
        users: fewAtTheEnd,
      }),
    );
    expect(found?.quiet).toMatchObject({ startMs: 5000 });
  });

  test('are not told of a run whose windows are alike', () => {
    expect(compareWindows(run((second) => 40 + second / 10))).toBeUndefined();
  });

  test('are not told of a handful of requests, of one window, or without a distribution', () => {
    expect(compareWindows(run(slowFromTheMiddle, { requests: 2 }))).toBeUndefined();
    expect(compareWindows(run(slowFromTheMiddle, { profiles: profiles.slice(0, 1) }))).toBeUndefined();
    expect(
      compareWindows({ ...run(slowFromTheMiddle), load: { status: 'absent', reason: 'none' } }),
    ).toBeUndefined();
  });

  test('come from the gateway, not from what is profiled beside it', () => {
    const beside = profiles.map((window) => ({
      ...window,
      role: 'postgres' as const,
      startMs: window.startMs + 1000,
    }));
    const found = compareWindows(
      run((second) => (second > 10 ? 900 : 20), { profiles: [...beside, ...profiles] }),
    );
    expect(found?.worst.startMs).toBe(10_000);
  });
});
