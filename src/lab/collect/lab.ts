import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Collector, CollectorSink } from './collector.ts';

const resolutionMs = 10;

/** What watching costs this process itself: its CPU, its memory, and how late its event loop is. */
export class LabCollector implements Collector {
  readonly source = 'lab';
  readonly target = `gaugeway (pid ${process.pid})`;
  readonly everyMs = 1000;
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  #lastMs = 0;
  #lastCpu = process.cpuUsage();

  async open(): Promise<void> {
    this.#delay.enable();
    this.#lastMs = performance.now();
    this.#lastCpu = process.cpuUsage();
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const { user, system } = process.cpuUsage(this.#lastCpu);
    const elapsedMs = startedMs - this.#lastMs;
    this.#lastMs = startedMs;
    this.#lastCpu = process.cpuUsage();
    const [p99Ms, maxMs] = [this.#delay.percentile(99), this.#delay.max].map((ns) =>
      Math.max(0, ns / 1e6 - resolutionMs),
    );
    this.#delay.reset();
    sink.sample('lab', this.target, performance.now() - startedMs, {
      cpuPercent: (user + system) / 10 / elapsedMs,
      rssBytes: process.memoryUsage.rss(),
      eventLoopDelayP99Ms: p99Ms ?? 0,
      eventLoopDelayMaxMs: maxMs ?? 0,
    });
  }

  async close(): Promise<void> {
    this.#delay.disable();
  }
}
