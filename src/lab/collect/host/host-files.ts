import type { Pressure } from '../../timeline/samples/container-sample.ts';
import { parseStalledMs } from '../cgroup/cgroup-files.ts';

/** CPU time of the machine since it was started, in clock ticks (see `ticksPerSecond`), all cores added. */
export interface HostCpu {
  cores: number;
  busyTicks: number;
  stolenTicks: number;
  totalTicks: number;
}

/** The lines `cpu` and `cpuN` of `/proc/stat` (proc_stat(5)). */
export function parseHostCpu(text: string): HostCpu {
  const [, ...words] = /^cpu .*$/m.exec(text)?.[0].split(/\s+/) ?? [];
  const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0, steal = 0] =
    words.map(Number);
  // The times of guests are within those of user and nice.
  const busyTicks = user + nice + system + irq + softIrq;
  return {
    cores: text.match(/^cpu\d+ /gm)?.length ?? 0,
    busyTicks,
    stolenTicks: steal,
    totalTicks: busyTicks + idle + ioWait + steal,
  };
}

/** Of `/proc/meminfo` (proc_meminfo(5)). */
export function parseHostMemory(text: string): { totalBytes: number; availableBytes: number } {
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024;
  return { totalBytes: bytes('MemTotal'), availableBytes: bytes('MemAvailable') };
}

/** Of the three files of `/proc/pressure`; null where one is missing, as with a kernel that was started without. */
export function parseHostPressure(files: {
  cpu: string | undefined;
  memory: string | undefined;
  io: string | undefined;
}): Pressure | null {
  const cpuStalledMs = parseStalledMs(files.cpu ?? '');
  const memoryStalledMs = parseStalledMs(files.memory ?? '');
  const ioStalledMs = parseStalledMs(files.io ?? '');
  return cpuStalledMs === undefined || memoryStalledMs === undefined || ioStalledMs === undefined
    ? null
    : { cpuStalledMs, memoryStalledMs, ioStalledMs };
}
