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
  /** By name or address, the most time first. */
  byUpstream: { upstream: string; requests: number; meanMs: number }[];
}

/** `mcp.client.operation.duration` of OpenTelemetry's conventions for MCP, which any gateway may expose. */
const metric = 'mcp_client_operation_duration_seconds';

/**
 * What the gateway itself measured of its upstreams' tools in the window; undefined when it exposes no such metric.
 * What it asks upstreams on its own account, as for their lists of tools, nobody waits for.
 */
export const upstreamLatency = defineFact(
  ['phases', 'prometheus'],
  ({ prometheus }, facts): UpstreamLatency | undefined => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return undefined;
    const all = [...prometheus.values()].map((series) => readingsIn(series, window));
    const byUpstream = summed(all.flatMap(latenciesOf)).toSorted(
      (a, b) => b.totalMs - a.totalMs || (a.upstream < b.upstream ? -1 : 1),
    );
    const requests = byUpstream.reduce((total, each) => total + each.requests, 0);
    if (requests === 0) return undefined;
    const totalMs = byUpstream.reduce((total, each) => total + each.totalMs, 0);
    return {
      requests,
      totalMs,
      meanMs: totalMs / requests,
      readings: Math.max(...all.map(({ length }) => length)),
      byUpstream: byUpstream.map((each) => ({
        upstream: each.upstream,
        requests: each.requests,
        meanMs: each.totalMs / each.requests,
      })),
    };
  },
);

interface Latency {
  readonly upstream: string;
  readonly requests: number;
  readonly totalMs: number;
}

function latenciesOf(samples: readonly Timed<PrometheusSample>[]): Latency[] {
  const names = new Set(samples.flatMap(({ data }) => Object.keys(data.metrics)));
  return [...names]
    .filter((name) => name.startsWith(`${metric}_count`))
    .flatMap((name) => {
      const labels = name.slice(`${metric}_count`.length);
      const method = labelIn(labels, 'mcp_method_name');
      // Without a method it is the series of all that were too many.
      if (method !== undefined && method !== 'tools/call') return [];
      const requests = growthOf(samples, name);
      const totalMs = growthOf(samples, `${metric}_sum${labels}`) * 1000;
      return requests === 0 ? [] : [{ upstream: upstreamIn(labels), requests, totalMs }];
    });
}

/** Tools, outcomes and revisions of one upstream together. */
function summed(latencies: readonly Latency[]): Latency[] {
  const byUpstream = new Map<string, Latency>();
  for (const { upstream, requests, totalMs } of latencies) {
    const sum = byUpstream.get(upstream) ?? { requests: 0, totalMs: 0 };
    byUpstream.set(upstream, {
      upstream,
      requests: sum.requests + requests,
      totalMs: sum.totalMs + totalMs,
    });
  }
  return [...byUpstream.values()];
}

/** The name that our gateway gives, the address of others'. */
function upstreamIn(labels: string): string {
  const name = labelIn(labels, 'gaugeway_upstream');
  if (name !== undefined) return name;
  const address = labelIn(labels, 'server_address');
  if (address === undefined) return 'others';
  const port = labelIn(labels, 'server_port');
  return port === undefined ? address : `${address}:${port}`;
}

function labelIn(labels: string, name: string): string | undefined {
  const value = new RegExp(`[{,]${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(labels)?.[1];
  return value === '' ? undefined : value;
}

/** A series that begins within the window counts from zero. */
function growthOf(samples: readonly Timed<PrometheusSample>[], key: string): number {
  return counterGrowth(samples.map(({ data }) => data.metrics[key] ?? 0));
}
