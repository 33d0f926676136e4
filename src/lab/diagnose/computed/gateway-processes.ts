import type { ProcessSample } from '../../timeline/samples.ts';
import { defineFact } from './facts.ts';
import { mean, quantile, shareOf } from './statistics.ts';
import { samplesIn, steadyWindow } from './window.ts';

/** Of one core: a process with one busy thread has nothing left from here on. */
export const saturatedCpuPercent = 90;

export interface ProcessCpu {
  target: string;
  pid: number;
  role: ProcessSample['role'];
  samples: number;
  /** Of one core. */
  meanPercent: number;
  p95Percent: number;
}

/** CPU of each process over the window, the busiest first. */
export const processCpu = defineFact(['phases', 'process'], ({ process }, facts): ProcessCpu[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return [...process]
    .flatMap(([target, series]) => {
      const samples = samplesIn(series, window).map(({ data }) => data);
      const last = samples.at(-1);
      if (last === undefined) return [];
      const percents = samples.map(({ cpuPercent }) => cpuPercent);
      return [
        {
          target,
          pid: last.pid,
          role: last.role,
          samples: samples.length,
          meanPercent: mean(percents),
          p95Percent: quantile(percents, 0.95),
        },
      ];
    })
    .toSorted((a, b) => b.meanPercent - a.meanPercent || (a.target < b.target ? -1 : 1));
});

export interface EventLoop {
  target: string;
  pid: number;
  samples: number;
  /** Median over the seconds of each second's 99th percentile. */
  delayP99Ms: number;
  maxDelayMs: number;
  /** Share (0..1) of the seconds whose 99th percentile is at or above {@link blockedDelayMs}. */
  blockedShare: number;
  /** 0..1, median over the seconds. */
  utilization: number;
  gcMsPerSample: number;
}

/**
 * A delay that callers notice, in milliseconds. Clinic Doctor calls the loop delayed from 100 ms on; the guide
 * has no figure of its own.
 */
export const blockedDelayMs = 100;

/** Event loop of each Node process over the window, the most delayed first. */
export const eventLoops = defineFact(['phases', 'node'], ({ node }, facts): EventLoop[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return [...node]
    .flatMap(([target, series]) => {
      const samples = samplesIn(series, window).map(({ data }) => data);
      const last = samples.at(-1);
      if (last === undefined) return [];
      const p99s = samples.map(({ eventLoopDelayP99Ms }) => eventLoopDelayP99Ms);
      return [
        {
          target,
          pid: last.pid,
          samples: samples.length,
          delayP99Ms: quantile(p99s, 0.5),
          maxDelayMs: Math.max(...samples.map(({ eventLoopDelayMaxMs }) => eventLoopDelayMaxMs)),
          blockedShare: shareOf(p99s, (delay) => delay >= blockedDelayMs),
          utilization: quantile(
            samples.map(({ eventLoopUtilization }) => eventLoopUtilization),
            0.5,
          ),
          gcMsPerSample: mean(samples.map(({ gcMs }) => gcMs)),
        },
      ];
    })
    .toSorted((a, b) => b.delayP99Ms - a.delayP99Ms || (a.target < b.target ? -1 : 1));
});
