import type { Collector, CollectorSink } from './collector.ts';
import type { SharedConnection } from './shared-connection.ts';
import { NotApplicableError } from './not-applicable.ts';
import { delayResolutionMs } from '../profilers/node/node-target.ts';
import type { CpuProfiler } from '../profilers/profiler.ts';
import { runtimeOf } from '../profilers/runtime-of.ts';

/** Event loop, garbage collection and heap of one Node process, through its inspector. */
export class NodeVitalsCollector implements Collector {
  readonly source = 'node';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #pid: number;
  readonly #shared: SharedConnection<CpuProfiler>;

  constructor(target: string, pid: number, shared: SharedConnection<CpuProfiler>) {
    this.target = target;
    this.#pid = pid;
    this.#shared = shared;
  }

  async open(signal: AbortSignal): Promise<void> {
    const runtime = await runtimeOf(this.#pid);
    // Nothing is attached to what cannot tell them.
    if (runtime !== 'node') {
      throw new NotApplicableError(
        `process ${this.#pid} is not Node, so it has no event loop to ask; it was not signalled`,
      );
    }
    await this.#shared.open(this, signal);
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const node = await this.#shared.get();
    if (!node) return;
    const vitals = await node.vitals?.();
    if (vitals === undefined) return;
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
