import { LoadStatistics } from '../../load/load-statistics.ts';
import type { GeneratorVitals, LoadSample } from '../../timeline/samples.ts';
import type { RequestStats } from '../../run-document.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { samplesIn, steadyWindow } from './window.ts';

export interface LoadInWindow {
  seconds: number;
  total: RequestStats;
  byName: RequestStats[];
  /** Summed over all requests: what a share of the response time is a share of. */
  responseTimeMs: number;
  /** What the fastest tenth of the `tools/call` requests took at most; null without such requests. */
  toolCallFloorMs: number | null;
  toolCallTimeMs: number;
  toolCalls: number;
  /** Median of the requests that no upstream is asked for (`ping`, `GET /health`); null without such requests. */
  localP50Ms: number | null;
}

/** What the load saw in the window, all generators together; undefined when nothing was sampled in it. */
export const loadInWindow = defineFact(['phases', 'load'], ({ load }, facts): LoadInWindow | undefined => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return undefined;
  const samples = [...load.values()].flatMap((series) => samplesIn(series, window));
  if (samples.length === 0) return undefined;
  const toolCalls = fold(samples, (name) => name.startsWith('tools/call'));
  const local = fold(samples, (name) => name === 'ping' || name === 'GET /health');
  const all = fold(samples, () => true);
  return {
    seconds: samples.length,
    total: all.total,
    byName: all.byName,
    responseTimeMs: timeOf(all.total),
    toolCallFloorMs: toolCalls.total.requests === 0 ? null : (toolCalls.latencyOf()?.quantileMs(0.1) ?? null),
    toolCallTimeMs: timeOf(toolCalls.total),
    toolCalls: toolCalls.total.requests,
    localP50Ms: local.total.requests === 0 ? null : local.total.p50Ms,
  };
});

/** The generator's own health, a reading per second of the window. */
export const generatorSeconds = defineFact(['phases', 'load'], ({ load }, facts): GeneratorVitals[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return [...load.values()].flatMap((series) => samplesIn(series, window).map(({ data }) => data.generator));
});

function fold(samples: readonly Timed<LoadSample>[], wanted: (name: string) => boolean): LoadStatistics {
  const statistics = new LoadStatistics();
  for (const { atMs, data } of samples) {
    const byName = Object.fromEntries(Object.entries(data.byName).filter(([name]) => wanted(name)));
    statistics.add({ ...data, byName }, atMs);
  }
  return statistics;
}

function timeOf(stats: RequestStats): number {
  return stats.requests * stats.meanMs;
}
