import { describe, expect, it } from 'vitest';
import { LatencySketch } from '../../../shared/latency-sketch.ts';
import { isSketch } from '../../timeline/samples.ts';
import type { ObservedWindow } from '../../timeline/samples.ts';
import { readK6Point } from './k6-points.ts';
import { K6Windows } from './k6-windows.ts';

const startMs = Date.parse('2026-03-01T10:00:00Z');
const line = (metric: string, atMs: number, value: number, tags: Record<string, string> = {}): string =>
  JSON.stringify({
    metric,
    type: 'Point',
    data: { time: new Date(startMs + atMs).toISOString(), value, tags },
  });
const request = (atMs: number, ms: number, tags: Record<string, string> = {}): string =>
  line('http_req_duration', atMs, ms, { name: 'tools/call echo', method: 'POST', status: '200', ...tags });

function windowsOf(lines: readonly string[], fromMs = startMs): K6Windows {
  const windows = new K6Windows(fromMs);
  for (const text of lines) {
    const point = readK6Point(text);
    if (point !== undefined) windows.add(point);
  }
  return windows;
}

function p50Of(window: ObservedWindow | undefined): number | undefined {
  return window !== undefined && isSketch(window.latency)
    ? LatencySketch.from(window.latency).quantileMs(0.5)
    : undefined;
}

const unnamed = (index: number): string =>
  line('http_req_duration', 1, 1, { name: `http://h/item/${index}?q=1`, method: 'GET', status: '200' });

describe('the points of k6', () => {
  it('are folded into whole seconds by their own times, with the users of each', () => {
    const windows = windowsOf([
      line('vus', 100, 3),
      request(200, 10),
      request(1200, 20),
      line('vus', 1100, 5),
      request(3000, 30),
    ]);
    const taken = windows.take();
    expect(taken.map(({ atMs, sample }) => [atMs - startMs, sample.windowMs, sample.users])).toEqual([
      [1000, 1000, 3],
      [2000, 1000, 5],
    ]);
    expect(p50Of(taken[0]?.sample.byName['tools/call echo'])).toBeCloseTo(10, 0);
    expect(
      windows.take(true).map(({ atMs, sample }) => [atMs - startMs, Object.keys(sample.byName).length]),
    ).toEqual([
      [3000, 0],
      [3001, 1],
    ]);
  });

  it('that come late are counted in the next window, those from before the look are not', () => {
    const windows = windowsOf([request(-500, 1), request(100, 1), request(2500, 1)]);
    const counted = windows.take().reduce((sum, { sample }) => sum + countOf(sample.byName), 0);
    windows.add({ atMs: startMs + 900, kind: 'request', name: 'late', durationMs: 1 });
    expect(counted + windows.take(true).reduce((sum, { sample }) => sum + countOf(sample.byName), 0)).toBe(3);
  });

  it('say which requests failed and how', () => {
    const failed = (atMs: number, tags: Record<string, string>): string =>
      line('http_req_failed', atMs, 1, { name: 'GET /x', ...tags });
    const windows = windowsOf([
      failed(1, { status: '503' }),
      failed(2, { status: '0', error_code: '1212' }),
      failed(3, { status: '0', error_code: '1999' }),
      failed(3, { status: '0', error_code: 'constructor' }),
      line('http_req_failed', 4, 0, { name: 'GET /x', status: '200' }),
      line('checks', 5, 0, { check: 'too', name: 'GET /x' }),
    ]);
    const [taken] = windows.take(true);
    expect(taken?.sample.byName['GET /x']).toMatchObject({
      failures: 4,
      failuresByKind: {
        'http 503': 1,
        'connect ECONNREFUSED': 1,
        'k6 error 1999': 1,
        'k6 error constructor': 1,
      },
    });
    expect(windows.ignoredChecks).toBe(1);
  });

  it('leave the judging to checks that name their request, where k6 does not judge', () => {
    const windows = windowsOf([
      request(1, 5),
      line('checks', 2, 0, { check: 'answered', name: 'tools/call echo', failure: 'isError' }),
      line('checks', 3, 1, { check: 'answered', name: 'tools/call echo' }),
      line('checks', 4, 0, { check: 'of nobody' }),
    ]);
    const [taken] = windows.take(true);
    expect(taken?.sample.byName['tools/call echo']).toMatchObject({
      failures: 1,
      failuresByKind: { isError: 1 },
    });
    expect(windows.ignoredChecks).toBe(1);
  });

  it('that were never sent took no time', () => {
    const [taken] = windowsOf([request(1, 0, { status: '0' }), request(2, 8)]).take(true);
    expect(p50Of(taken?.sample.byName['tools/call echo'])).toBeCloseTo(8, 0);
    expect(taken?.sample.byName['tools/call echo']?.requests).toBe(2);
  });

  it('without a name of the script are named by method and path, and told apart up to a bound', () => {
    const [taken] = windowsOf(Array.from({ length: 600 }, (_, index) => unnamed(index))).take(true);
    const byName = taken?.sample.byName ?? {};
    expect(Object.keys(byName)).toHaveLength(501);
    expect(byName['GET /item/0']?.requests).toBe(1);
    expect(byName['other']?.requests).toBe(100);
  });

  it.each([
    '',
    'not json',
    '{"metric":"vus"}',
    '{"type":"Metric","data":{"name":"vus"},"metric":"vus"}',
    line('data_sent', 1, 1),
  ])('are not in %j', (text) => {
    expect(readK6Point(text)).toBeUndefined();
  });

  it('are counted on after a long silence without a window for each second of it', () => {
    const windows = windowsOf([request(0, 1), request(86_400_000, 1)]);
    expect(windows.take(true).length).toBeLessThan(5);
  });
});

function countOf(byName: Record<string, ObservedWindow>): number {
  return Object.values(byName).reduce((sum, { requests }) => sum + requests, 0);
}
