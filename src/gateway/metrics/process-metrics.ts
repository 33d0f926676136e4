import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricsRegistry } from './metrics-registry.ts';

const resolutionMs = 20;

/** What this process costs. The figures of the event loop cover the time between two scrapes. */
export function registerProcessMetrics(registry: MetricsRegistry): Disposable {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let lastUtilization = performance.eventLoopUtilization();

  registry.read('cpuSeconds', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry.read('residentMemory', () => process.memoryUsage.rss());
  registry.read('heapUsed', () => process.memoryUsage().heapUsed);
  registry.read('startTime', () => performance.timeOrigin / 1000);
  registry.read('eventLoopDelay', () => {
    const [p50, p99, max] = [
      lateSeconds(delay.percentile(50)),
      lateSeconds(delay.percentile(99)),
      lateSeconds(delay.max),
    ];
    delay.reset();
    return [
      [['0.5'], p50],
      [['0.99'], p99],
      [['1'], max],
    ];
  });
  registry.read('eventLoopUtilization', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, lastUtilization);
    lastUtilization = now;
    return utilization;
  });
  return { [Symbol.dispose]: () => delay.disable() };
}

/** The histogram is empty, and its figures not finite, when it was read twice within one tick. */
function lateSeconds(ns: number): number {
  return Number.isFinite(ns) ? Math.max(0, ns / 1e9 - resolutionMs / 1000) : 0;
}
