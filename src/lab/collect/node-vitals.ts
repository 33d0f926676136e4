import type { Collector, CollectorSink } from './collector.ts';
import type { SharedConnection } from './shared-connection.ts';
import { delayResolutionMs, type NodeTarget } from '../profilers/node/node-target.ts';

/** Event loop, garbage collection and heap of one Node process, through its inspector. */
export class NodeVitalsCollector implements Collector {
  readonly source = 'node';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #pid: number;
  readonly #shared: SharedConnection<NodeTarget>;

  constructor(target: string, pid: number, shared: SharedConnection<NodeTarget>) {
    this.target = target;
    this.#pid = pid;
    this.#shared = shared;
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#shared.open(this, signal);
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const node = await this.#shared.get();
    if (!node) return;
    const vitals = await node.vitals();
    sink.sample('node', this.target, performance.now() - startedMs, {
      pid: this.#pid,
      eventLoopDelayP50Ms: delayMs(vitals.delayP50Ns),
      eventLoopDelayP99Ms: delayMs(vitals.delayP99Ns),
      eventLoopDelayMaxMs: delayMs(vitals.delayMaxNs),
      eventLoopUtilization: vitals.utilization,
      gcCount: vitals.gcCount,
      gcMs: vitals.gcMs,
      heapUsedBytes: vitals.heapUsedBytes,
      externalBytes: vitals.externalBytes,
      arrayBuffersBytes: vitals.arrayBuffersBytes,
      activeResources: vitals.activeResources,
    });
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

/** The histogram measures a timer of its own: what is above that timer's period is the delay. */
export function delayMs(histogramNs: number): number {
  return Math.max(0, histogramNs / 1e6 - delayResolutionMs);
}
