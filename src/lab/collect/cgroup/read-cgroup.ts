import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nowMs } from '../../../shared/clock.ts';
import { readProcFile } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';
import type { Pressure, ResourceUse } from '../../timeline/samples/container-sample.ts';
import {
  type BlockBytes,
  coresOf,
  parseCpuMax,
  parseFlatKeyed,
  parseIoStat,
  parseLimit,
  parseServiceBytes,
  parseStalledMs,
} from './cgroup-files.ts';
import { type CgroupFolders, cgroupFolders, type GroupPlace } from './cgroup-folders.ts';

/**
 * What a control group and those above it have counted and allow. Null is what this machine does not tell: a controller
 * that is not there, or the root group, which has no figures of its own.
 */
export interface CgroupReading extends Pick<ResourceUse, 'cpuLimitCores' | 'throttling' | 'pressure'> {
  /** Cumulative. */
  cpuMs: number | null;
  /** Without the inactive page cache. */
  memoryBytes: number | null;
  memoryLimitBytes: number | null;
  /** Processes that were killed for want of memory, cumulative. */
  oomKills: number | null;
  pids: number | null;
  /** Cumulative. */
  block: BlockBytes | null;
}

/** Control groups are mounted when a machine starts; a container seldom brings others. */
const mountsKeptMs = 10_000;
/** Processes of one group are read one after the other within a tick. */
const readingKeptMs = 200;

let known: { untilMs: number; mountinfo: string; folders: Map<string, CgroupFolders> } | undefined;
const recent = new WeakMap<CgroupFolders, { untilMs: number; reading: Promise<CgroupReading> }>();

/** The groups of a process; the same object for processes of the same groups. Throws as `readProcFile` does. */
export async function findCgroup(pid: number): Promise<CgroupFolders> {
  const text = await readProcFile(pid, 'cgroup');
  if (known === undefined || nowMs() > known.untilMs) {
    const mountinfo = await readProcFile(process.pid, 'mountinfo');
    known = { untilMs: nowMs() + mountsKeptMs, mountinfo, folders: new Map() };
  }
  const folders = known.folders.get(text) ?? cgroupFolders(text, known.mountinfo);
  known.folders.set(text, folders);
  return folders;
}

/** Reads a group, or gives what was read of it a moment ago. A group that is gone gives nulls. */
export function readCgroup(folders: CgroupFolders): Promise<CgroupReading> {
  const last = recent.get(folders);
  if (last !== undefined && nowMs() < last.untilMs) return last.reading;
  const reading = readGroup(folders);
  recent.set(folders, { untilMs: nowMs() + readingKeptMs, reading });
  return reading;
}

async function readGroup(folders: CgroupFolders): Promise<CgroupReading> {
  const { byController, unified } = folders;
  // A hybrid machine has its controllers in version 1, and there can be none of one that version 2 has.
  const isVersion1 = byController.has('cpu') || byController.has('memory');
  const reading = isVersion1 ? readVersion1(byController) : readVersion2(unified);
  return { ...(await reading), pressure: await readPressure(unified) };
}

type WithoutPressure = Omit<CgroupReading, 'pressure'>;

async function readVersion2(group: GroupPlace | undefined): Promise<WithoutPressure> {
  const read = (file: string): Promise<string | undefined> => readGroupFile(group, file);
  const [stat, memory, memoryStat, events, pids, io] = await Promise.all(
    ['cpu.stat', 'memory.current', 'memory.stat', 'memory.events', 'pids.current', 'io.stat'].map(read),
  );
  const quotas = await Promise.all(
    levelsOf(group).map(async (level) => {
      const cores = mapText(await readGroupFile(level, 'cpu.max'), parseCpuMax);
      return { level, cores };
    }),
  );
  const memoryLimits = await Promise.all(
    levelsOf(group).map(async (level) => mapText(await readGroupFile(level, 'memory.max'), parseLimit)),
  );
  const usageUs = mapText(stat, (text) => parseFlatKeyed(text).get('usage_usec') ?? null);
  return {
    cpuMs: usageUs === null ? null : usageUs / 1000,
    ...(await throttlingBy(tightest(quotas), ({ throttledUs }) => throttledUs / 1000)),
    memoryBytes: workingSet(memory, memoryStat, 'inactive_file'),
    memoryLimitBytes: smallest(memoryLimits),
    oomKills: mapText(events, (text) => parseFlatKeyed(text).get('oom_kill') ?? null),
    pids: mapText(pids, Number),
    block: mapText(io, parseIoStat),
  };
}

async function readVersion1(groups: ReadonlyMap<string, GroupPlace>): Promise<WithoutPressure> {
  const read = (controller: string, file: string): Promise<string | undefined> =>
    readGroupFile(groups.get(controller), file);
  const [usage, memory, memoryStat, oom, pids, io] = await Promise.all([
    read('cpuacct', 'cpuacct.usage'),
    read('memory', 'memory.usage_in_bytes'),
    read('memory', 'memory.stat'),
    read('memory', 'memory.oom_control'),
    read('pids', 'pids.current'),
    read('blkio', 'blkio.throttle.io_service_bytes_recursive'),
  ]);
  const quotas = await Promise.all(
    levelsOf(groups.get('cpu')).map(async (level) => {
      const quotaUs = mapText(await readGroupFile(level, 'cpu.cfs_quota_us'), Number);
      const periodUs = mapText(await readGroupFile(level, 'cpu.cfs_period_us'), Number);
      return { level, cores: coresOf(quotaUs ?? -1, periodUs ?? -1) };
    }),
  );
  const limit = mapText(memoryStat, (text) => parseFlatKeyed(text).get('hierarchical_memory_limit') ?? null);
  return {
    cpuMs: mapText(usage, (text) => Number(text) / 1e6),
    ...(await throttlingBy(tightest(quotas), ({ throttledNs }) => throttledNs / 1e6)),
    memoryBytes: workingSet(memory, memoryStat, 'total_inactive_file'),
    memoryLimitBytes: limit === null ? null : parseLimit(String(limit)),
    oomKills: mapText(oom, (text) => parseFlatKeyed(text).get('oom_kill') ?? null),
    pids: mapText(pids, Number),
    block: mapText(io, parseServiceBytes),
  };
}

interface Quota {
  level: GroupPlace;
  cores: number | null;
}

/** The quota that stops the group first: its own, or that of a group above it. */
function tightest(quotas: readonly Quota[]): Quota | undefined {
  return quotas
    .filter(({ cores }) => cores !== null)
    .toSorted((a, b) => (a.cores ?? Infinity) - (b.cores ?? Infinity))[0];
}

async function throttlingBy(
  quota: Quota | undefined,
  throttledMs: (stat: { throttledUs: number; throttledNs: number }) => number,
): Promise<Pick<CgroupReading, 'cpuLimitCores' | 'throttling'>> {
  if (quota === undefined) return { cpuLimitCores: null, throttling: null };
  const stat = parseFlatKeyed((await readGroupFile(quota.level, 'cpu.stat')) ?? '');
  const of = (name: string): number => stat.get(name) ?? 0;
  return {
    cpuLimitCores: quota.cores,
    throttling: {
      periods: of('nr_periods'),
      throttledPeriods: of('nr_throttled'),
      throttledMs: throttledMs({ throttledUs: of('throttled_usec'), throttledNs: of('throttled_time') }),
    },
  };
}

/** What `docker stats` shows as memory: pages of files that nobody used for long are given back at once. */
function workingSet(
  usage: string | undefined,
  stat: string | undefined,
  inactiveFile: string,
): number | null {
  if (usage === undefined) return null;
  const inactive = parseFlatKeyed(stat ?? '').get(inactiveFile) ?? 0;
  return Math.max(0, Number(usage) - inactive);
}

async function readPressure(unified: GroupPlace | undefined): Promise<Pressure | null> {
  // The root group's is that of the whole machine.
  if (unified === undefined || unified.path === '/') return null;
  const [cpu, memory, io] = await Promise.all(
    ['cpu.pressure', 'memory.pressure', 'io.pressure'].map(async (file) =>
      parseStalledMs((await readGroupFile(unified, file)) ?? ''),
    ),
  );
  if (cpu === undefined) return null;
  return { cpuStalledMs: cpu, memoryStalledMs: memory ?? 0, ioStalledMs: io ?? 0 };
}

/** A group and those above it, up to what is mounted here. */
function levelsOf(group: GroupPlace | undefined): GroupPlace[] {
  if (group === undefined) return [];
  const levels = [group];
  for (let { path } = group; path !== '/';) {
    path = dirname(path);
    levels.push({ mount: group.mount, path });
  }
  return levels;
}

/** Undefined for a file that this group does not have. */
async function readGroupFile(group: GroupPlace | undefined, file: string): Promise<string | undefined> {
  if (group === undefined) return undefined;
  try {
    // Counters in the kernel's memory, see proc-files.ts.
    return readFileSync(join(group.mount, group.path, file), 'utf8');
  } catch (error) {
    // Gone meanwhile, or a kernel that was started without it.
    if (hasErrorCode(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}

function mapText<T>(text: string | undefined, parse: (text: string) => T): T | null {
  return text === undefined ? null : parse(text);
}

function smallest(limits: readonly (number | null)[]): number | null {
  const given = limits.filter((limit) => limit !== null);
  return given.length === 0 ? null : Math.min(...given);
}
