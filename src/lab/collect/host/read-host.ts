import { readFile } from 'node:fs/promises';
import { GaugewayError } from '../../../shared/errors.ts';
import { procMissing } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';
import type { HostSample } from '../../timeline/samples/container-sample.ts';
import { type HostCpu, parseHostCpu, parseHostMemory, parseHostPressure } from './host-files.ts';

/** The machine at one moment. */
export interface HostReading {
  cpu: HostCpu;
  state: Pick<HostSample, 'memoryTotalBytes' | 'memoryAvailableBytes' | 'pressure'>;
}

/** Throws GaugewayError usage where there is no /proc. */
export async function readHost(): Promise<HostReading> {
  const missing = procMissing();
  if (missing !== undefined) throw new GaugewayError('usage', `the machine: ${missing}`);
  const [hostCpu, memoryText, cpu, memory, io] = await Promise.all([
    readHostCpu(),
    readFile('/proc/meminfo', 'utf8'),
    readPressure('cpu'),
    readPressure('memory'),
    readPressure('io'),
  ]);
  const { totalBytes, availableBytes } = parseHostMemory(memoryText);
  return {
    cpu: hostCpu,
    state: {
      memoryTotalBytes: totalBytes,
      memoryAvailableBytes: availableBytes,
      pressure: parseHostPressure({ cpu, memory, io }),
    },
  };
}

export async function readHostCpu(): Promise<HostCpu> {
  return parseHostCpu(await readFile('/proc/stat', 'utf8'));
}

/** What the machine did between two readings; undefined when no tick of its clock has passed. */
export function hostSample(before: HostReading, after: HostReading): HostSample | undefined {
  const totalTicks = after.cpu.totalTicks - before.cpu.totalTicks;
  if (totalTicks <= 0) return undefined;
  const { cores } = after.cpu;
  const ofCore = (ticks: number): number => (Math.max(0, ticks) / totalTicks) * cores * 100;
  return {
    cores,
    cpuPercent: ofCore(after.cpu.busyTicks - before.cpu.busyTicks),
    stealPercent: ofCore(after.cpu.stolenTicks - before.cpu.stolenTicks),
    ...after.state,
  };
}

async function readPressure(resource: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/pressure/${resource}`, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}
