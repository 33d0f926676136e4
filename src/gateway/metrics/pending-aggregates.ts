import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { ToolAggregate, ToolCallRecord } from '../storage/ports.ts';

interface Entry {
  calls: number;
  failures: number;
  lastCallMs: number;
  latency: LatencySketch;
}

/** Aggregates per tool, being counted. */
export class PendingAggregates {
  readonly #byTool = new Map<string, Entry>();

  get isEmpty(): boolean {
    return this.#byTool.size === 0;
  }

  add(call: ToolCallRecord): void {
    const entry = this.#entry(call.toolId);
    entry.calls += 1;
    if (!call.isSuccess) entry.failures += 1;
    if (call.timestampMs > entry.lastCallMs) entry.lastCallMs = call.timestampMs;
    entry.latency.record(call.responseTime * 1e6);
  }

  merge(aggregate: ToolAggregate): void {
    const entry = this.#entry(aggregate.toolId);
    entry.calls += aggregate.calls;
    entry.failures += aggregate.failures;
    entry.lastCallMs = Math.max(entry.lastCallMs, aggregate.lastCallMs);
    entry.latency.merge(aggregate.latency);
  }

  toAggregates(): ToolAggregate[] {
    return [...this.#byTool].map(([toolId, { latency, ...counts }]) => ({
      toolId,
      ...counts,
      latency: latency.toJSON(),
    }));
  }

  #entry(toolId: string): Entry {
    let entry = this.#byTool.get(toolId);
    if (entry === undefined) {
      entry = { calls: 0, failures: 0, lastCallMs: 0, latency: new LatencySketch() };
      this.#byTool.set(toolId, entry);
    }
    return entry;
  }
}
