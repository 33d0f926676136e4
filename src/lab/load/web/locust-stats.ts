import type { RequestStats } from '../../run-document.ts';
import { aggregatedName } from '../load-statistics.ts';
import type { CurrentStats, LoadStatistics } from '../load-statistics.ts';
import { locustBucket, locustPercentile, perSecond, splitName } from './locust-figures.ts';

/** States that Locust's clients know. */
export type LoadState = 'ready' | 'spawning' | 'running' | 'stopping' | 'stopped';

/** Rows that Locust gives at most; the statistics themselves bound the errors. */
const maxRows = 500;
/** The current figures when no load runs. */
const nothing: CurrentStats = { rps: 0, failuresPerS: 0, p50Ms: null, p95Ms: null };

export interface LocustRow {
  method: string | null;
  name: string;
  safe_name: string;
  num_requests: number;
  num_failures: number;
  min_response_time: number;
  max_response_time: number;
  avg_response_time: number;
  median_response_time: number;
  ninetieth_response_time: number;
  ninety_ninth_response_time: number;
  'response_time_percentile_0.95': number;
  'response_time_percentile_0.99': number;
  current_rps: number;
  current_fail_per_sec: number;
  total_rps: number;
  total_fail_per_sec: number;
  avg_content_length: number;
}

/** A generator process, as Locust shows a worker. `memory_usage` is in bytes, `cpu_usage` percent of one core. */
export interface LocustWorker {
  id: string;
  state: LoadState;
  user_count: number;
  cpu_usage: number;
  memory_usage: number;
}

export interface LocustStats {
  stats: LocustRow[];
  errors: {
    name: string;
    method: string;
    error: string;
    occurrences: number;
    first_seen: number;
    last_seen: number;
  }[];
  current_rps: number;
  current_fail_per_sec: number;
  total_rps: number;
  total_fail_per_sec: number;
  total_request_count: number;
  total_fail_count: number;
  fail_ratio: number;
  current_response_time_percentiles: Record<string, number | null>;
  current_response_time_percentile_50: number | null;
  current_response_time_percentile_95: number | null;
  workers: LocustWorker[];
  worker_count: number;
  state: LoadState;
  user_count: number;
}

/**
 * `GET /stats/requests` as Locust's clients know it: the keys of 2.46 and those of 2.12 that are gone, plus
 * `total_fail_count` and `total_request_count`, which guides read and Locust does not have. The aggregated row
 * comes last. Percentiles are rounded as Locust's buckets are; rates "current" are those of the last ten
 * seconds of the clock, where Locust's stand still with the last request.
 */
export function toLocustStats(
  statistics: LoadStatistics,
  state: LoadState,
  workers: LocustWorker[] = [],
): LocustStats {
  const { total } = statistics;
  const isOver = state === 'ready' || state === 'stopped';
  const currentOf = (name?: string): CurrentStats => (isOver ? nothing : statistics.current(name));
  const toRow = (stats: RequestStats): LocustRow => rowOf(statistics, stats, currentOf(stats.name));
  const rows = statistics.byName.slice(0, maxRows).map(toRow);
  const current = currentOf();
  const failuresPerS = perSecond(total.failures, statistics.durationMs);
  const [p50, p95] = [current.p50Ms, current.p95Ms].map((ms) => (ms === null ? null : locustBucket(ms)));
  return {
    stats: [...rows, { ...toRow(total), method: '', name: aggregatedName, safe_name: aggregatedName }],
    errors: statistics.failures.map((failure) => ({
      ...splitName(failure.name),
      error: failure.kind,
      occurrences: failure.occurrences,
      first_seen: failure.firstSeenMs / 1000,
      last_seen: failure.lastSeenMs / 1000,
    })),
    current_rps: current.rps,
    current_fail_per_sec: current.failuresPerS,
    total_rps: total.rps,
    total_fail_per_sec: failuresPerS,
    total_request_count: total.requests,
    total_fail_count: total.failures,
    fail_ratio: total.requests === 0 ? 0 : total.failures / total.requests,
    current_response_time_percentiles: {
      'response_time_percentile_0.5': p50 ?? null,
      'response_time_percentile_0.95': p95 ?? null,
    },
    current_response_time_percentile_50: p50 ?? null,
    current_response_time_percentile_95: p95 ?? null,
    workers,
    worker_count: workers.length,
    state,
    user_count: isOver ? 0 : statistics.users,
  };
}

function rowOf(statistics: LoadStatistics, stats: RequestStats, current: CurrentStats): LocustRow {
  const latency = statistics.latencyOf(stats.name);
  const { method, name } = splitName(stats.name);
  const percentile = (q: number): number => locustPercentile(latency, q);
  return {
    method,
    name,
    safe_name: escapeHtml(name),
    num_requests: stats.requests,
    num_failures: stats.failures,
    min_response_time: Math.round(stats.minMs),
    max_response_time: Math.round(stats.maxMs),
    avg_response_time: stats.meanMs,
    median_response_time: locustBucket(stats.p50Ms),
    ninetieth_response_time: percentile(0.9),
    ninety_ninth_response_time: percentile(0.99),
    'response_time_percentile_0.95': percentile(0.95),
    'response_time_percentile_0.99': percentile(0.99),
    current_rps: current.rps,
    current_fail_per_sec: current.failuresPerS,
    total_rps: stats.rps,
    total_fail_per_sec: perSecond(stats.failures, statistics.durationMs),
    avg_content_length: statistics.meanResponseBytes(stats.name),
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`);
}
