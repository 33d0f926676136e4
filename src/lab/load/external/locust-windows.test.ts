import { createServer } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { LocustApi } from './locust-api.ts';
import type { LocustCounters } from './locust-api.ts';
import { LocustWindows } from './locust-windows.ts';

/** Reads one answer to `/stats/requests` as a Locust would give it over HTTP. */
async function countersOf(answer: unknown, status = 200): Promise<LocustCounters> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    return await new LocustApi(
      `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`,
    ).counters();
  } finally {
    server.close();
  }
}

const row = {
  method: 'POST',
  name: 'tools/call echo',
  num_requests: 10,
  num_failures: 2,
  avg_response_time: 5,
  min_response_time: 1,
  max_response_time: 20,
  median_response_time: 4,
};
const all = { ...row, method: '', name: 'Aggregated' };
/** Locust 2.46. */
const current = {
  state: 'running',
  user_count: 3,
  stats: [{ ...row, 'response_time_percentile_0.95': 15, 'response_time_percentile_0.99': 19 }, all],
  errors: [
    { method: 'POST', name: 'tools/call echo', error: "CatchResponseError('isError')", occurrences: 2 },
  ],
  current_response_time_percentiles: {
    'response_time_percentile_0.5': 4,
    'response_time_percentile_0.95': 15,
  },
  workers: [{ id: 'w1', state: 'running', user_count: 3, cpu_usage: 91.5, memory_usage: 1 }],
};
/** Locust 2.12: other percentiles, and texts that are HTML. */
const older = {
  state: 'running',
  user_count: 3,
  stats: [{ ...row, method: 'GET', name: '/a', ninety_ninth_response_time: 19 }, all],
  errors: [
    {
      method: 'GET',
      name: '/a',
      error: 'ValueError(&#x27;&lt;a&gt; &amp; b &constructor;&#x27;)',
      occurrences: 2,
    },
  ],
  current_response_time_percentile_50: 4,
  current_response_time_percentile_95: null,
};

describe('what Locust has counted', () => {
  it('is read from the answer of 2.46', async () => {
    const { state, users, requests, recentP50Ms, recentP95Ms, workers } = await countersOf(current);
    expect({ state, users, recentP50Ms, recentP95Ms, workers }).toEqual({
      state: 'running',
      users: 3,
      recentP50Ms: 4,
      recentP95Ms: 15,
      workers: [{ name: 'w1', cpuPercent: 91.5 }],
    });
    expect([...requests]).toEqual([
      [
        'tools/call echo',
        {
          requests: 10,
          failures: 2,
          totalMs: 50,
          failuresByKind: new Map([['isError', 2]]),
          minMs: 1,
          maxMs: 20,
          p50Ms: 4,
          p95Ms: 15,
          p99Ms: 19,
        },
      ],
    ]);
  });

  it('is read from the answer of 2.12, which knows no 95th percentile', async () => {
    const { requests, recentP50Ms, recentP95Ms, workers } = await countersOf(older);
    expect({ recentP50Ms, recentP95Ms, workers }).toEqual({ recentP50Ms: 4, recentP95Ms: null, workers: [] });
    expect(requests.get('GET /a')).toMatchObject({
      p95Ms: null,
      p99Ms: 19,
      failuresByKind: new Map([["ValueError('<a> & b &constructor;')", 2]]),
    });
  });

  it.each([
    ["BadStatusCode('http://h/x', code=503)", 'http 503'],
    ["HTTPError('404 Client Error: Not Found for url: /x')", 'http 404'],
    ["ConnectionRefusedError(111, 'Connection refused')", 'connect ECONNREFUSED'],
    ["timeout('timed out')", 'timeout'],
    ["ValueError('x')", "ValueError('x')"],
  ])('names the failure %s as our own engine would: %s', async (error, kind) => {
    const { requests } = await countersOf({ ...current, errors: [{ ...current.errors[0], error }] });
    expect([...(requests.get('tools/call echo')?.failuresByKind.keys() ?? [])]).toEqual([kind]);
  });

  it.each([
    ['something else', { hello: 'world' }, 200, 'is not what Locust answers'],
    ['a login', {}, 302, 'asks for a login'],
    ['an error', {}, 500, 'answered 500'],
  ])('is not read from %s', async (_what, answer, status, message) => {
    await expect(countersOf(answer, status)).rejects.toThrow(message);
  });
});

const grown = (requests: number, failures: number, mean: number): unknown => ({
  ...current,
  stats: [
    { ...row, num_requests: requests, num_failures: failures, avg_response_time: mean },
    { ...all, num_requests: requests },
  ],
  errors: [{ ...current.errors[0], occurrences: failures }],
});

describe('windows of what Locust counts', () => {
  it('hold what came since the last look, with the whole time and no made-up distribution', async () => {
    const windows = new LocustWindows();
    windows.take(await countersOf(current), 1000);
    const { byName } = windows.take(await countersOf(grown(30, 5, 10)), 2000);
    expect(byName).toEqual({
      'tools/call echo': {
        requests: 20,
        failures: 3,
        failuresByKind: { isError: 3 },
        latency: {
          sumMs: 250,
          wholeTest: { minMs: 1, maxMs: 20, p50Ms: 4, p95Ms: null, p99Ms: null },
        },
      },
    });
  });

  it('are empty where nothing happened', async () => {
    const windows = new LocustWindows();
    windows.take(await countersOf(current), 1000);
    expect(windows.take(await countersOf(current), 1000).byName).toEqual({});
  });

  it('count from zero when the figures were reset meanwhile', async () => {
    const windows = new LocustWindows();
    windows.take(await countersOf(grown(100, 9, 5)), 1000);
    const { byName } = windows.take(await countersOf(grown(7, 1, 5)), 1000);
    expect(byName['tools/call echo']).toMatchObject({
      requests: 7,
      failures: 1,
      failuresByKind: { isError: 1 },
    });
  });
});
