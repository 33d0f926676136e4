import type { ProcessRole } from '../../../shared/stack-description.ts';
import { containerSample } from '../../collect/container/container-counters.ts';
import { processSample } from '../../collect/process-counters.ts';
import type { ContainerSample, Pressure, ResourceUse } from '../../timeline/samples/container-sample.ts';
import type { LookVerdict } from '../look.ts';
import type { ReadPart, StatsReading } from './stats-reading.ts';

/** Shares of the window in which some task stood still for want of it. */
export interface Waits {
  cpuPercent: number;
  memoryPercent: number | null;
  ioPercent: number | null;
}

/** What one container or process used in the window. Null is what is not told, or not limited. */
export interface StatsUse {
  /** Of one core. */
  cpuPercent: number;
  /** Cores that its quota allows. */
  cpuLimitCores: number | null;
  /** Of the quota's periods of the window, and how many there were. */
  throttledPercent: number | null;
  throttledPeriods: number | null;
  memoryBytes: number;
  memoryLimitBytes: number | null;
  oomKills: number | null;
  receivedBytesPerS: number | null;
  sentBytesPerS: number | null;
  readBytesPerS: number | null;
  writtenBytesPerS: number | null;
  /** Processes and threads. */
  tasks: number;
  /** Of a container its pressure; of a process the time that its main thread was ready and had no CPU. */
  waits: Waits | null;
}

export interface StatsRow extends StatsUse {
  kind: 'container' | 'process';
  name: string;
  role: ProcessRole | null;
  verdict: LookVerdict;
}

/** The use of each part that was read twice; what was started anew in between is told apart. */
export function statsRows(
  before: StatsReading,
  after: StatsReading,
): { rows: Omit<StatsRow, 'verdict'>[]; startedAnew: string[] } {
  const seconds = (after.atMs - before.atMs) / 1000;
  const rows: Omit<StatsRow, 'verdict'>[] = [];
  const startedAnew: string[] = [];
  for (const part of after.parts) {
    const earlier = before.parts.find(({ kind, name }) => kind === part.kind && name === part.name);
    if (earlier === undefined) continue;
    const use = useOf(earlier, part, seconds);
    if (use === undefined) startedAnew.push(part.name);
    else rows.push({ kind: part.kind, name: part.name, role: part.role, ...use });
  }
  return { rows, startedAnew };
}

function useOf(before: ReadPart, after: ReadPart, seconds: number): StatsUse | undefined {
  if (before.kind === 'container' && after.kind === 'container') {
    const sample = containerSample(after.role ?? 'upstream', before.counters, after.counters);
    return sample && containerUse(before.counters, sample, seconds);
  }
  if (before.kind !== 'process' || after.kind !== 'process') return undefined;
  if (before.counters.startTicks !== after.counters.startTicks) return undefined;
  const sample = processSample(before.counters, after.counters);
  const earlier = before.counters.data;
  const perSecond = rateOver(seconds);
  const { group, block, runQueueMs } = sample;
  return {
    cpuPercent: sample.cpuPercent,
    cpuLimitCores: group?.cpuLimitCores ?? null,
    ...throttledIn(earlier.group?.throttling ?? null, group?.throttling ?? null),
    memoryBytes: sample.rssBytes,
    memoryLimitBytes: group?.memoryLimitBytes ?? null,
    oomKills: null,
    receivedBytesPerS: null,
    sentBytesPerS: null,
    readBytesPerS: perSecond(earlier.block?.readBytes, block?.readBytes),
    writtenBytesPerS: perSecond(earlier.block?.writtenBytes, block?.writtenBytes),
    tasks: sample.threads,
    waits:
      runQueueMs === undefined || earlier.runQueueMs === undefined
        ? null
        : {
            cpuPercent: percentOf(earlier.runQueueMs, runQueueMs, seconds),
            memoryPercent: null,
            ioPercent: null,
          },
  };
}

function containerUse(
  before: Omit<ContainerSample, 'role' | 'cpuPercent'>,
  sample: ContainerSample,
  seconds: number,
): StatsUse {
  const perSecond = rateOver(seconds);
  return {
    cpuPercent: sample.cpuPercent,
    cpuLimitCores: sample.cpuLimitCores,
    ...throttledIn(before.throttling, sample.throttling),
    memoryBytes: sample.memoryBytes,
    memoryLimitBytes: sample.memoryLimitBytes,
    oomKills: before.oomKills === null || sample.oomKills === null ? null : sample.oomKills - before.oomKills,
    receivedBytesPerS: perSecond(before.network?.receivedBytes, sample.network?.receivedBytes),
    sentBytesPerS: perSecond(before.network?.sentBytes, sample.network?.sentBytes),
    readBytesPerS: perSecond(before.block.readBytes, sample.block.readBytes),
    writtenBytesPerS: perSecond(before.block.writtenBytes, sample.block.writtenBytes),
    tasks: sample.pids,
    waits: pressureIn(before.pressure, sample.pressure, seconds),
  };
}

/** Shares of the time between two readings of pressure; null when one is missing. */
export function pressureIn(before: Pressure | null, after: Pressure | null, seconds: number): Waits | null {
  if (before === null || after === null) return null;
  return {
    cpuPercent: percentOf(before.cpuStalledMs, after.cpuStalledMs, seconds),
    memoryPercent: percentOf(before.memoryStalledMs, after.memoryStalledMs, seconds),
    ioPercent: percentOf(before.ioStalledMs, after.ioStalledMs, seconds),
  };
}

function percentOf(beforeMs: number, afterMs: number, seconds: number): number {
  return Math.max(0, afterMs - beforeMs) / (seconds * 10);
}

function throttledIn(
  before: ResourceUse['throttling'],
  after: ResourceUse['throttling'],
): Pick<StatsUse, 'throttledPercent' | 'throttledPeriods'> {
  if (before === null || after === null) return { throttledPercent: null, throttledPeriods: null };
  const periods = after.periods - before.periods;
  const throttledPeriods = after.throttledPeriods - before.throttledPeriods;
  return { throttledPercent: periods > 0 ? (throttledPeriods / periods) * 100 : 0, throttledPeriods };
}

function rateOver(seconds: number): (before: number | undefined, after: number | undefined) => number | null {
  return (before, after) =>
    before === undefined || after === undefined ? null : Math.max(0, after - before) / seconds;
}
