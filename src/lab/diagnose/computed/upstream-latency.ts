import type { PrometheusSample } from '../../timeline/samples.ts';
import type { Timed } from '../artifacts.ts';
import { defineFact } from './facts.ts';
import { counterGrowth } from './statistics.ts';
import { readingsIn, steadyWindow } from './window.ts';

export interface UpstreamLatency {
  requests: number;
  totalMs: number;
  meanMs: number;
  readings: number;
  /** By the labels of the metric, the most time first. */
  byUpstream: { labels: string; requests: number; meanMs: number }[];
}

const metric = 'gaugeway_upstream_request_duration_seconds';

/** What the gateway itself measured of its upstreams in the window; undefined when it exposes no such metric. */
export const upstreamLatency = defineFact(
  ['phases', 'prometheus'],
  ({ prometheus }, facts): UpstreamLatency | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const all = [...prometheus.values()].map((series) => readingsIn(series, window));
    const byUpstream = all
      .flatMap(latenciesOf)
      .toSorted((a, b) => b.totalMs - a.totalMs || (a.labels < b.labels ? -1 : 1));
    const requests = byUpstream.reduce((total, each) => total + each.requests, 0);
    if (requests === 0) return undefined;
    const totalMs = byUpstream.reduce((total, each) => total + each.totalMs, 0);
    return {
      requests,
      totalMs,
      meanMs: totalMs / requests,
      readings: Math.max(...all.map(({ length }) => length)),
      byUpstream: byUpstream.map((each) => ({
        labels: each.labels,
        requests: each.requests,
        meanMs: each.totalMs / each.requests,
      })),
    };
  },
);

function latenciesOf(
  samples: readonly Timed<PrometheusSample>[],
): { labels: string; requests: number; totalMs: number }[] {
  const names = new Set(samples.flatMap(({ data }) => Object.keys(data.metrics)));
  return [...names]
    .filter((name) => name.startsWith(`${metric}_count`))
    .flatMap((name) => {
      const labels = name.slice(`${metric}_count`.length);
      const requests = growthOf(samples, name);
      const totalMs = growthOf(samples, `${metric}_sum${labels}`) * 1000;
      return requests === 0 ? [] : [{ labels, requests, totalMs }];
    });
}

/** A series that begins within the window counts from zero. */
function growthOf(samples: readonly Timed<PrometheusSample>[], key: string): number {
  return counterGrowth(samples.map(({ data }) => data.metrics[key] ?? 0));
}
