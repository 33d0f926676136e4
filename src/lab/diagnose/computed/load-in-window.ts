import { LoadStatistics } from '../../load/load-statistics.ts';
import type { ObservedLoad } from '../../timeline/samples.ts';
import type { ObservedStats } from '../../run-document.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { loadSamplesIn, steadyWindow } from './window.ts';

export interface LoadInWindow {
  seconds: number;
  total: Omit<ObservedStats, 'name'>;
  byName: ObservedStats[];
  /** Summed over all requests: what a share of the response time is a share of. */
  responseTimeMs: number;
  /** What the fastest tenth of the `tools/call` requests took at most; null without such requests, or without a distribution. */
  toolCallFloorMs: number | null;
  toolCallTimeMs: number;
  toolCalls: number;
  /** Median of the requests that no upstream is asked for (`ping`, `GET /health`); null without such requests, or without a distribution. */
  localP50Ms: number | null;
}

/** What the load saw in the window, all generators together; undefined when nothing was sampled in it. */
export const loadInWindow = defineFact(['phases', 'load'], ({ load }, facts): LoadInWindow | undefined => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return undefined;
  const samples = [...load.values()].flatMap((series) => loadSamplesIn(series, window));
  if (samples.length === 0) return undefined;
  const toolCalls = fold(samples, (name) => name.startsWith('tools/call'));
  const local = fold(samples, (name) => name === 'ping' || name === 'GET /health');
  const total = fold(samples, () => true).summary;
  return {
    seconds: samples.length,
    total,
    byName: total.byName,
    responseTimeMs: timeOf(total),
    toolCallFloorMs:
      toolCalls.summary.p50Ms === null || toolCalls.summary.requests === 0
        ? null
        : (toolCalls.latencyOf()?.quantileMs(0.1) ?? null),
    toolCallTimeMs: timeOf(toolCalls.summary),
    toolCalls: toolCalls.summary.requests,
    localP50Ms: local.summary.requests === 0 ? null : local.summary.p50Ms,
  };
});

function fold(samples: readonly Timed<ObservedLoad>[], wanted: (name: string) => boolean): LoadStatistics {
  const statistics = new LoadStatistics();
  for (const { atMs, data } of samples) {
    const byName = Object.fromEntries(Object.entries(data.byName).filter(([name]) => wanted(name)));
    statistics.add({ ...data, byName }, atMs);
  }
  return statistics;
}

function timeOf(stats: Omit<ObservedStats, 'name'>): number {
  return stats.requests * stats.meanMs;
}
