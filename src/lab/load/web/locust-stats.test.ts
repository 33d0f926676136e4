import { describe, expect, it, test } from 'vitest';
import { LatencySketch } from '../../../shared/latency-sketch.ts';
import { LoadStatistics } from '../load-statistics.ts';
import { locustBucket } from './locust-figures.ts';
import { toLocustStats } from './locust-stats.ts';

test.each([
  [0.4, 0],
  [37.5, 38],
  [147, 150],
  [996, 1000],
  [3432, 3400],
  [58_760, 59_000],
])('%d ms falls into the bucket %d', (ms, bucket) => {
  expect(locustBucket(ms)).toBe(bucket);
});

function statisticsOf(latenciesMs: number[]): LoadStatistics {
  const latency = new LatencySketch();
  for (const ms of latenciesMs) latency.record(ms * 1000);
  const statistics = new LoadStatistics();
  statistics.add(
    {
      windowMs: 1000,
      users: 2,
      byName: {
        'tools/call <a>': {
          requests: latenciesMs.length,
          failures: 1,
          failuresByKind: { isError: 1 },
          latency: latency.toJSON(),
          responseBytes: 50,
        },
      },
      generator: {
        cpuPercent: 1,
        eventLoopDelayP99Ms: 1,
        lateStarts: 0,
        plannedStarts: 0,
        maxLateMs: 0,
        rssBytes: 1,
      },
    },
    5000,
  );
  return statistics;
}

describe('the answer that clients of Locust read', () => {
  // By Locust's own rules: the value at rank ⌊n·q⌋ counted from zero, and the lower of two medians.
  const answer = toLocustStats(statisticsOf(Array.from({ length: 100 }, (_, index) => index + 1)), 'running');

  it('has the percentiles that Locust computes', () => {
    expect(answer.stats[0]).toMatchObject({
      median_response_time: 50,
      ninetieth_response_time: 91,
      'response_time_percentile_0.95': 96,
      'response_time_percentile_0.99': 100,
      ninety_ninth_response_time: 100,
      min_response_time: 1,
      max_response_time: 100,
      avg_response_time: 50.5,
      avg_content_length: 0.5,
    });
  });

  it('has the aggregated row last, under no method', () => {
    expect(answer.stats.map(({ method, name }) => [method, name])).toEqual([
      ['POST', 'tools/call <a>'],
      ['', 'Aggregated'],
    ]);
    expect(answer.stats[0]?.safe_name).toBe('tools/call &#60;a&#62;');
  });

  it('has totals, errors with their times in seconds, and the state', () => {
    expect(answer).toMatchObject({
      state: 'running',
      user_count: 2,
      total_request_count: 100,
      total_fail_count: 1,
      total_fail_per_sec: 1,
      fail_ratio: 0.01,
      current_rps: 100,
      current_response_time_percentiles: { 'response_time_percentile_0.5': 50 },
      errors: [
        {
          name: 'tools/call <a>',
          method: 'POST',
          error: 'isError',
          occurrences: 1,
          first_seen: 5,
          last_seen: 5,
        },
      ],
    });
  });

  it('has no current figures once the test is over', () => {
    expect(toLocustStats(statisticsOf([5]), 'stopped')).toMatchObject({
      user_count: 0,
      current_rps: 0,
      total_rps: 1,
      current_response_time_percentile_95: null,
    });
  });
});
