import { nowMs } from '../../shared/clock.ts';
import {
  type ProcStat,
  readBlockBytes,
  readChildPids,
  readOpenFiles,
  readProcStat,
  readProcStatus,
  readRunQueueMs,
  unlessEnded,
} from '../../shared/proc-files.ts';
import type { WatchedProcess } from '../../shared/stack-description.ts';
import type { ProcessSample } from '../timeline/samples.ts';
import { findCgroup, readCgroup } from './cgroup/read-cgroup.ts';

/** What a process, or a postmaster with its backends, has used by one moment. */
export interface ProcessCounters {
  atMs: number;
  cpuMs: number;
  /** Tells it from a later process with the same pid. */
  startTicks: number;
  data: Omit<ProcessSample, 'cpuPercent'>;
}

/** The sample of the time between two readings of one process. */
export function processSample(before: ProcessCounters, after: ProcessCounters): ProcessSample {
  // A backend that ends between two reads can take its last ticks with it for one sample.
  const cpuPercent = Math.max(0, ((after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)) * 100);
  return { ...after.data, cpuPercent };
}

/**
 * Reads a process from /proc, a PostgreSQL postmaster with all its backends. Throws ProcessEndedError, or GaugewayError
 * source_unreadable when it may not be read.
 */
export async function readProcess({ pid, role }: WatchedProcess): Promise<ProcessCounters> {
  const atMs = nowMs();
  const own = await readProcStat(pid);
  const children = role === 'postgres' ? await childrenOf(pid) : [];
  const all = [{ pid, stat: own }, ...children];
  /** Backends come and go between the listing and the reading: those that are gone do not count. */
  const ofEach = <T>(read: (member: number) => Promise<T>, none: T): Promise<T[]> =>
    Promise.all(
      all.map(async (member) =>
        member.pid === pid ? read(pid) : ((await unlessEnded(() => read(member.pid))) ?? none),
      ),
    );
  const [memory, openFiles, block, runQueueMs, group] = await Promise.all([
    ofEach(readProcStatus, noMemory),
    ofEach(async (member) => (await readOpenFiles(member))?.length ?? null, 0),
    ofEach(readBlockBytes, noBlocks),
    ofEach(readRunQueueMs, 0),
    groupOf(pid),
  ]);
  return {
    atMs,
    // What ended backends used has moved to their parent, so that the sum never goes back.
    cpuMs: sum(all.map(({ stat }) => stat.cpuMs)) + (role === 'postgres' ? own.endedChildrenCpuMs : 0),
    startTicks: own.startTicks,
    data: {
      pid,
      role,
      // Backends map the same shared buffers and the same program: each is counted once.
      rssBytes:
        sum(memory.map(({ rssAnonBytes }) => rssAnonBytes)) +
        Math.max(...memory.map(({ rssFileBytes }) => rssFileBytes)) +
        Math.max(...memory.map(({ rssShmemBytes }) => rssShmemBytes)),
      threads: sum(all.map(({ stat }) => stat.threads)),
      openFiles: openFiles.includes(null) ? null : sum(openFiles.map((count) => count ?? 0)),
      ...(runQueueMs.includes(null) ? {} : { runQueueMs: sum(runQueueMs.map((waitedMs) => waitedMs ?? 0)) }),
      block: block.includes(null)
        ? null
        : {
            readBytes: sum(block.map((each) => each?.readBytes ?? 0)),
            writtenBytes: sum(block.map((each) => each?.writtenBytes ?? 0)),
          },
      ...(group === undefined ? {} : { group }),
    },
  };
}

const noMemory = { rssAnonBytes: 0, rssFileBytes: 0, rssShmemBytes: 0 };
const noBlocks = { readBytes: 0, writtenBytes: 0 };

/** Undefined where nothing holds the process back and nothing tells its pressure. */
async function groupOf(pid: number): Promise<ProcessSample['group']> {
  const { cpuLimitCores, throttling, memoryLimitBytes, pressure } = await readCgroup(await findCgroup(pid));
  if (cpuLimitCores === null && memoryLimitBytes === null && pressure === null) return undefined;
  return { cpuLimitCores, throttling, memoryLimitBytes, pressure };
}

/** A postmaster has one thread, so that the children of its task are all its backends. */
async function childrenOf(parentPid: number): Promise<{ pid: number; stat: ProcStat }[]> {
  const children = await Promise.all(
    (await readChildPids(parentPid)).map(async (pid) => {
      const stat = await unlessEnded(() => readProcStat(pid));
      return stat?.parentPid === parentPid ? [{ pid, stat }] : [];
    }),
  );
  return children.flat();
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
