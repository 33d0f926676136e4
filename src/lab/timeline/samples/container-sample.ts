import type { ProcessRole } from '../../../shared/stack-description.ts';

/** One look at a container, from the engine's counters or its cgroup. Rates cover the interval since the last sample. */
export interface ContainerSample extends ResourceUse {
  role: ProcessRole;
  /** Another one means that the container was made anew. */
  id: string;
  /** Null when nothing limits it. */
  memoryLimitBytes: number | null;
  /** Processes of it that were killed for want of memory, cumulative; null where that is not told. */
  oomKills: number | null;
  /** Cumulative, of all its networks; null when it has none of its own. */
  network: { receivedBytes: number; sentBytes: number } | null;
  /** Cumulative. */
  block: { readBytes: number; writtenBytes: number };
  pids: number;
}

/** What a group of processes uses of the machine, and what holds it back. */
export interface ResourceUse {
  /** Of one core. */
  cpuPercent: number;
  /** Cores that its quota allows; null without a quota. */
  cpuLimitCores: number | null;
  /** Without pages that the kernel can take back at once (`inactive_file`). */
  memoryBytes: number;
  /** Cumulative: quota periods, those in which it was stopped, and for how long. Null where there is no quota. */
  throttling: { periods: number; throttledPeriods: number; throttledMs: number } | null;
  pressure: Pressure | null;
}

/** Pressure stall information: cumulative time in which some task stood still for want of it. */
export interface Pressure {
  cpuStalledMs: number;
  memoryStalledMs: number;
  ioStalledMs: number;
}

/** The machine as a whole. */
export interface HostSample {
  cores: number;
  /** Of one core, so that all cores busy is `cores` × 100. */
  cpuPercent: number;
  /** Cores taken by other virtual machines, of one core. */
  stealPercent: number;
  memoryTotalBytes: number;
  memoryAvailableBytes: number;
  pressure: Pressure | null;
}
