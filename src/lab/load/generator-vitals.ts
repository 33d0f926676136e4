import { readdirSync, readFileSync, statSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { hasErrorCode } from '../../shared/system-error.ts';
import { procMissing } from '../../shared/proc-files.ts';
import type { GeneratorVitals } from '../timeline/samples.ts';

const resolutionMs = 10;

/** What a process knows of itself without its users. */
export type ProcessVitals = Pick<
  GeneratorVitals,
  'cpuPercent' | 'eventLoopDelayP99Ms' | 'rssBytes' | 'openFiles' | 'maxOpenFiles'
>;

/** Watches the process that it runs in. Each call of `take` covers the time since the last one. */
export function watchOwnProcess(): { take(): ProcessVitals; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const maxOpenFiles = readMaxOpenFiles();
  let cpu = process.cpuUsage();
  let at = performance.now();
  let rssBytes = 0;
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
      rssBytes = unlessFilesRanOut(() => process.memoryUsage.rss(), rssBytes);
      return {
        cpuPercent: round(((used.user + used.system) / 1000 / wallMs) * 100),
        eventLoopDelayP99Ms: round(Math.max(0, p99Ms)),
        rssBytes,
        ...(maxOpenFiles === undefined ? {} : { openFiles: countOpenFiles(maxOpenFiles), maxOpenFiles }),
      };
    },
    stop: () => delay.disable(),
  };
}

function countOpenFiles(maxOpenFiles: number): number {
  // Linux from 6.2 on tells the number as the folder's size, without opening a file; one that is just being closed counts too.
  const { size } = statSync('/proc/self/fd');
  if (size > 0) return Math.min(size, maxOpenFiles);
  return unlessFilesRanOut(() => readdirSync('/proc/self/fd').length, maxOpenFiles);
}

/** What is read from a file, which is impossible while as many are open as may be: `otherwise` then. */
function unlessFilesRanOut<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (hasErrorCode(error, 'EMFILE')) return otherwise;
    throw error;
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The soft limit of proc_pid_limits(5); undefined where there is none, or no /proc. */
function readMaxOpenFiles(): number | undefined {
  if (procMissing() !== undefined) return undefined;
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === undefined ? undefined : Number(soft);
}
