import type { ProcessRole } from '../../../shared/stack-description.ts';
import type { Evidence } from '../../run-document.ts';
import type { Timed } from '../artifacts.ts';
import { limitTable } from '../../look/limits.ts';
import type { ResourceUse } from '../../timeline/samples/container-sample.ts';
import { defineFact } from './facts.ts';
import { figure, percent } from './figures.ts';
import { counterGrowth, mean } from './statistics.ts';
import { elapsedS, readingsIn, steadyWindow, type Window } from './window.ts';

/** From here on a quota and not the code decides how fast something is. */
export const throttledShareLimit = limitTable['stats.throttled'].value / 100;

/** How often the quota of its control group stopped a container or a process over the window. */
export interface Throttling {
  target: string;
  role: ProcessRole;
  /** Undefined for a container. */
  pid: number | undefined;
  samples: number;
  limitCores: number;
  periods: number;
  throttledPeriods: number;
  /** 0..1 */
  share: number;
  /** Time that its tasks stood still, added, in a second. */
  throttledMsPerS: number;
  /** Of one core. */
  meanCpuPercent: number;
}

/** Of each container with a quota, the most throttled first. */
export const containerThrottling = defineFact(
  ['phases', 'container'],
  ({ container }, facts): Throttling[] => {
    const window = facts.get(steadyWindow);
    if (window === undefined) return [];
    return mostFirst(
      [...container].flatMap(([target, series]) =>
        throttlingOf(target, series, window, (data) => ({ ...data, pid: undefined, use: data })),
      ),
    );
  },
);

/** Of each process whose control group, or one above it, has a quota. The group may hold others too. */
export const processThrottling = defineFact(['phases', 'process'], ({ process }, facts): Throttling[] => {
  const window = facts.get(steadyWindow);
  if (window === undefined) return [];
  return mostFirst(
    [...process].flatMap(([target, series]) =>
      throttlingOf(target, series, window, (data) => ({ ...data, use: data.group })),
    ),
  );
});

interface Read {
  role: ProcessRole;
  pid: number | undefined;
  cpuPercent: number;
  use: Pick<ResourceUse, 'cpuLimitCores' | 'throttling'> | undefined;
}

function throttlingOf<T>(
  target: string,
  series: readonly Timed<T>[],
  window: Window,
  read: (data: T) => Read,
): Throttling[] {
  const readings = readingsIn(series, window);
  const reads = readings.map(({ data }) => read(data));
  const last = reads.at(-1);
  const limitCores = last?.use?.cpuLimitCores ?? null;
  if (last === undefined || limitCores === null) return [];
  const counts = reads.flatMap(({ use }) => use?.throttling ?? []);
  const periods = counterGrowth(counts.map((count) => count.periods));
  const throttledPeriods = counterGrowth(counts.map((count) => count.throttledPeriods));
  const seconds = elapsedS(readings);
  return [
    {
      target,
      role: last.role,
      pid: last.pid,
      samples: reads.length,
      limitCores,
      periods,
      throttledPeriods,
      share: periods > 0 ? throttledPeriods / periods : 0,
      throttledMsPerS:
        seconds > 0 ? counterGrowth(counts.map(({ throttledMs }) => throttledMs)) / seconds : 0,
      meanCpuPercent: mean(reads.map(({ cpuPercent }) => cpuPercent)),
    },
  ];
}

/** Speaks against a cause within the process: it was stopped from outside. Empty when it was not. */
export function throttledEvidence(throttled: readonly Throttling[], pid: number): Evidence[] {
  const found = throttled.find((each) => each.pid === pid && each.share >= throttledShareLimit);
  if (found === undefined) return [];
  return [
    {
      text: `Its CPU limit of ${figure(found.limitCores)} cores stopped it in ${percent(found.share)} of the periods (see cpu-throttled).`,
      source: 'control group',
      chart: 'throttled',
    },
  ];
}

function mostFirst(all: Throttling[]): Throttling[] {
  return all.toSorted((a, b) => b.share - a.share || (a.target < b.target ? -1 : 1));
}
