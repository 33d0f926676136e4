import { ticksPerSecond } from '../../../shared/proc-files.ts';
import type { ProcessRole } from '../../../shared/stack-description.ts';
import type { ContainerSample } from '../../timeline/samples/container-sample.ts';
import { coresOf } from '../cgroup/cgroup-files.ts';
import type { CgroupReading } from '../cgroup/read-cgroup.ts';
import type { HostCpu } from '../host/host-files.ts';
import type { InspectAnswer, StatsAnswer } from './engine-answers.ts';

/** What a container has used by one moment: all that a {@link ContainerSample} is computed from. */
export interface ContainerCounters extends Omit<ContainerSample, 'role' | 'cpuPercent'> {
  /** Changes when it is started again: its counters then begin at zero. */
  startedAt: string;
  atMs: number;
  cpuMs: number;
  /** CPU time of the whole machine and its CPUs, by which `docker stats` counts; null where the engine tells neither. */
  machine: { cpuMs: number; cpus: number } | null;
}

/** What is read on this machine about a container that runs on it. */
export interface LocalReading {
  atMs: number;
  group: CgroupReading;
  host: HostCpu;
  network: ContainerSample['network'];
}

/**
 * From the container's control group, where that is on this machine: the figures that the engine's own are made of, with
 * those that it does not tell: limits that were set above the container, kills for want of memory, pressure. Undefined
 * when the group tells no CPU time, e.g. as it is gone.
 */
export function countersOfGroup(
  { Id, State }: InspectAnswer,
  { atMs, group, host, network }: LocalReading,
): ContainerCounters | undefined {
  const { cpuMs, memoryBytes, block, pids, ...told } = group;
  if (cpuMs === null) return undefined;
  return {
    ...told,
    id: Id,
    startedAt: State.StartedAt,
    atMs,
    cpuMs,
    // The engine leaves stolen time out of the machine's.
    machine: { cpuMs: ((host.totalTicks - host.stolenTicks) * 1000) / ticksPerSecond, cpus: host.cores },
    memoryBytes: memoryBytes ?? 0,
    network,
    block: block ?? { readBytes: 0, writtenBytes: 0 },
    pids: pids ?? 0,
  };
}

/**
 * From what the engine answers, where the container runs elsewhere, as in a virtual machine of its own. Podman's CPU time
 * of the machine is not what Docker's is, and its throttling is always nothing: both are left out.
 */
export function countersOfEngine(
  kind: 'docker' | 'podman',
  { Id, State, HostConfig }: InspectAnswer,
  stats: StatsAnswer,
): ContainerCounters {
  const { read, cpu_stats: cpu, memory_stats: memory, blkio_stats: blkio, pids_stats: pids } = stats;
  const cpus = cpu.online_cpus || cpu.cpu_usage.percpu_usage?.length || 0;
  const { NanoCpus, CpuQuota, CpuPeriod, Memory } = HostConfig;
  const cpuLimitCores = NanoCpus > 0 ? NanoCpus / 1e9 : coresOf(CpuQuota, CpuPeriod || usualPeriodUs);
  const throttling = cpu.throttling_data;
  return {
    id: Id,
    startedAt: State.StartedAt,
    atMs: Date.parse(read),
    cpuMs: cpu.cpu_usage.total_usage / 1e6,
    machine:
      kind === 'docker' && cpu.system_cpu_usage !== undefined && cpus > 0
        ? { cpuMs: cpu.system_cpu_usage / 1e6, cpus }
        : null,
    cpuLimitCores,
    throttling:
      kind === 'docker' && cpuLimitCores !== null && throttling !== undefined
        ? {
            periods: throttling.periods,
            throttledPeriods: throttling.throttled_periods,
            throttledMs: throttling.throttled_time / 1e6,
          }
        : null,
    memoryBytes: workingSet(memory),
    memoryLimitBytes: Memory > 0 ? Memory : null,
    oomKills: null,
    pressure: null,
    network: networkOfEngine(stats),
    block: {
      readBytes: blockBytes(blkio.io_service_bytes_recursive, 'read'),
      writtenBytes: blockBytes(blkio.io_service_bytes_recursive, 'write'),
    },
    pids: pids.current ?? 0,
  };
}

/** All networks of a container added; null when it has none of its own. */
export function networkOfEngine({ networks }: StatsAnswer): ContainerSample['network'] {
  const each = Object.values(networks ?? {});
  if (each.length === 0) return null;
  return {
    receivedBytes: sum(each.map(({ rx_bytes: bytes }) => bytes)),
    sentBytes: sum(each.map(({ tx_bytes: bytes }) => bytes)),
  };
}

/** The kernel's period where a quota is given without one. */
const usualPeriodUs = 100_000;

/**
 * The share of a core that a container used between two readings, as `docker stats` computes it (docker/cli,
 * `calculateCPUPercentUnix`): its part of the machine's CPU time, times the CPUs; by the clock where the engine does
 * not tell the machine's. Undefined when it was started anew meanwhile, or no time has passed.
 */
export function containerSample(
  role: ProcessRole,
  before: ContainerCounters,
  after: ContainerCounters,
): ContainerSample | undefined {
  if (before.id !== after.id || before.startedAt !== after.startedAt || after.cpuMs < before.cpuMs) {
    return undefined;
  }
  const cpuPercent = percentOfCore(before, after);
  if (cpuPercent === undefined) return undefined;
  const { startedAt: _startedAt, atMs: _atMs, cpuMs: _cpuMs, machine: _machine, ...sample } = after;
  return { ...sample, role, cpuPercent };
}

function percentOfCore(before: ContainerCounters, after: ContainerCounters): number | undefined {
  const usedMs = after.cpuMs - before.cpuMs;
  if (before.machine !== null && after.machine !== null) {
    const machineMs = after.machine.cpuMs - before.machine.cpuMs;
    return machineMs > 0 ? (usedMs / machineMs) * after.machine.cpus * 100 : undefined;
  }
  const elapsedMs = after.atMs - before.atMs;
  return elapsedMs > 0 ? (usedMs / elapsedMs) * 100 : undefined;
}

/** `inactive_file` is the name of version 2, the other that of version 1, where the first leaves out groups below. */
function workingSet({ usage = 0, stats }: StatsAnswer['memory_stats']): number {
  const inactive = stats?.['total_inactive_file'] ?? stats?.['inactive_file'] ?? 0;
  return inactive < usage ? usage - inactive : usage;
}

/** Version 1 writes `Read`, version 2 `read`. */
function blockBytes(
  entries: readonly { op: string; value: number }[] | null | undefined,
  operation: string,
): number {
  return sum((entries ?? []).filter(({ op }) => op.toLowerCase() === operation).map(({ value }) => value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
