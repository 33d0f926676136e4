import { findCgroup, readCgroup } from '../collect/cgroup/read-cgroup.ts';
import type { Profile } from '../profile/profile.ts';
import { HeapSampling } from '../profilers/node/heap-sampling.ts';
import { type SiteGrowth, siteGrowth } from './allocation-sites.ts';
import {
  attachToHeap,
  type HeapOptions,
  type HeapProcess,
  measuringPause,
  timedMemory,
  type TimedMemory,
  watchMemory,
} from './heap-target.ts';
import { type LeakVerdict, leakVerdict } from './leak-verdict.ts';

export interface GrowthOptions extends HeapOptions {
  /** Between the two samples. */
  apartMs: number;
  intervalBytes: number;
  onReading?: (reading: TimedMemory) => void;
}

/** The kinds of memory that are judged, each by itself. */
export const memoryKinds = ['heapUsedBytes', 'externalBytes', 'arrayBuffersBytes', 'rssBytes'] as const;
export type MemoryKind = (typeof memoryKinds)[number];

/** What grew in one process between two times. */
export interface HeapGrowth extends HeapProcess {
  /** Live memory that was allocated since watching began; weighs bytes. */
  before: { profile: Profile; memory: TimedMemory };
  after: { profile: Profile; memory: TimedMemory };
  apartMs: number;
  sites: SiteGrowth[];
  verdicts: Record<MemoryKind, LeakVerdict>;
  /** One a second, between the two. */
  readings: TimedMemory[];
  /** Time that the process stood still for each of the two samples. */
  pausesMs: [number, number];
}

/** A first look before which short-lived objects are sampled, so that they are there in both samples and cancel out. */
const longestLeadInMs = 10_000;

/**
 * Samples what is alive twice, after a short lead-in, and reads the memory each second in between. V8 collects all
 * garbage for each sample, so that memory at both ends is what really stays. The signal takes the second sample
 * early. Throws as {@link attachToHeap} and {@link watchMemory}.
 */
export async function watchGrowth(process: HeapProcess, options: GrowthOptions): Promise<HeapGrowth> {
  const { apartMs, intervalBytes, signal, onReading } = options;
  const target = await attachToHeap(process, options);
  try {
    const sampling = await HeapSampling.start(target.main, { intervalBytes, live: true });
    await watchMemory(target, Math.min(longestLeadInMs, apartMs / 4), signal, onReading);
    const first = await measuringPause(target, async () => ({
      ...(await sampling.read()),
      memory: await timedMemory(target),
    }));
    const readings = await watchMemory(target, apartMs, signal, onReading);
    const second = await measuringPause(target, async () => ({
      ...(await sampling.stop()),
      memory: await timedMemory(target),
    }));
    const { memoryLimitBytes } = await readCgroup(await findCgroup(process.pid));
    const before = { profile: named(first.result.profile, process), memory: first.result.memory };
    const after = { profile: named(second.result.profile, process), memory: second.result.memory };
    return {
      ...process,
      before,
      after,
      apartMs: after.memory.atMs - before.memory.atMs,
      sites: siteGrowth(before.profile, after.profile),
      verdicts: judge(readings.slice(1), before.memory, after.memory, memoryLimitBytes ?? undefined),
      readings,
      pausesMs: [first.pauseMs, second.pauseMs],
    };
  } finally {
    await target.close();
  }
}

function named(profile: Profile, { label }: HeapProcess): Profile {
  return { ...profile, name: label };
}

/** Resident memory goes back to the system long after a collection, if ever: the ends say nothing of it. */
function judge(
  readings: readonly TimedMemory[],
  before: TimedMemory,
  after: TimedMemory,
  groupLimitBytes: number | undefined,
): Record<MemoryKind, LeakVerdict> {
  const of = (kind: MemoryKind, limitBytes?: number): LeakVerdict => {
    const at = (memory: TimedMemory): { atMs: number; bytes: number } => ({
      atMs: memory.atMs,
      bytes: memory[kind],
    });
    return leakVerdict(readings.map(at), {
      ...(limitBytes === undefined ? {} : { limitBytes }),
      ...(kind === 'rssBytes' ? {} : { collected: { before: at(before), after: at(after) } }),
    });
  };
  return {
    heapUsedBytes: of('heapUsedBytes', after.heapLimitBytes),
    externalBytes: of('externalBytes'),
    arrayBuffersBytes: of('arrayBuffersBytes'),
    // That of a container counts what is resident of all of its processes.
    rssBytes: of('rssBytes', groupLimitBytes),
  };
}
