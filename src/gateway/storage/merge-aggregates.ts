import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { ToolAggregate } from './ports.ts';

/** Two aggregates of one tool as one. Counts add up and sketches merge, so nothing is averaged twice. */
export function mergeAggregates(base: ToolAggregate, delta: ToolAggregate | undefined): ToolAggregate {
  if (delta === undefined) return base;
  const latency = LatencySketch.from(base.latency);
  latency.merge(delta.latency);
  return {
    toolId: base.toolId,
    calls: base.calls + delta.calls,
    failures: base.failures + delta.failures,
    lastCallMs: Math.max(base.lastCallMs, delta.lastCallMs),
    latency: latency.toJSON(),
  };
}
