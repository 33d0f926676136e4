import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 10;

export interface ProcessVitals {
  /** Of one core, over the window. */
  cpuPercent: number;
  eventLoopDelayP99Ms: number;
  rssBytes: number;
}

/** Watches the process that it runs in. Each call of `take` covers the time since the last one. */
export function watchOwnProcess(): { take(): ProcessVitals; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return {
    take() {
      const used = process.cpuUsage(cpu);
      const now = performance.now();
      const wallMs = Math.max(now - at, 1);
      cpu = process.cpuUsage();
      at = now;
      // The histogram holds the timer's whole interval; what it took beyond its resolution is the delay.
      const p99Ms = delay.count === 0 ? 0 : delay.percentile(99) / 1e6 - resolutionMs;
      delay.reset();
      return {
        cpuPercent: round(((used.user + used.system) / 1000 / wallMs) * 100),
        eventLoopDelayP99Ms: round(Math.max(0, p99Ms)),
        rssBytes: process.memoryUsage.rss(),
      };
    },
    stop: () => delay.disable(),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
