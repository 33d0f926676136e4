import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ProfilerCpu } from '../profilers/profiler-cpu.ts';
import type { Collector, CollectorSink } from './collector.ts';

const resolutionMs = 10;

/** What watching costs this process itself: its CPU, its memory, how late its event loop is, and what its profilers use. */
export class LabCollector implements Collector {
  readonly source = 'lab';
  readonly target = `gaugeway (pid ${process.pid})`;
  readonly everyMs = 1000;
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #profilers = new ProfilerCpu();
  /** Of the last look; the first one leaves out what opening all sources cost. */
  #last: { atMs: number; cpu: NodeJS.CpuUsage } | undefined;

  async open(): Promise<void> {
    this.#delay.enable();
    await this.#profilers.takeMs();
  }

  async sample(sink: CollectorSink): Promise<void> {
    const startedMs = performance.now();
    const last = this.#last;
    const profilersMs = await this.#profilers.takeMs();
    const cpu = process.cpuUsage();
    this.#last = { atMs: startedMs, cpu };
    const [p99Ms, maxMs] = [this.#delay.percentile(99), this.#delay.max].map((ns) =>
      Math.max(0, ns / 1e6 - resolutionMs),
    );
    this.#delay.reset();
    if (last === undefined) return;
    const cpuUs = cpu.user + cpu.system - last.cpu.user - last.cpu.system;
    sink.sample('lab', this.target, performance.now() - startedMs, {
      cpuPercent: cpuUs / 10 / (startedMs - last.atMs),
      profilersCpuPercent: (profilersMs * 100) / (startedMs - last.atMs),
      rssBytes: process.memoryUsage.rss(),
      eventLoopDelayP99Ms: p99Ms ?? 0,
      eventLoopDelayMaxMs: maxMs ?? 0,
    });
  }

  async close(): Promise<void> {
    this.#delay.disable();
  }
}
