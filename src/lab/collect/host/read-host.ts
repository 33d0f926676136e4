import { readFileSync } from 'node:fs';
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
export function readHost(): HostReading {
  const missing = procMissing();
  if (missing !== undefined) throw new GaugewayError('usage', `the machine: ${missing}`);
  const { totalBytes, availableBytes } = parseHostMemory(readFileSync('/proc/meminfo', 'utf8'));
  const [cpu, memory, io] = ['cpu', 'memory', 'io'].map(readPressure);
  return {
    cpu: readHostCpu(),
    state: {
      memoryTotalBytes: totalBytes,
      memoryAvailableBytes: availableBytes,
      pressure: parseHostPressure({ cpu, memory, io }),
    },
  };
}

/** At once: the kernel's counters are copied from memory, which costs half of what handing the read to a thread does. */
export function readHostCpu(): HostCpu {
  return parseHostCpu(readFileSync('/proc/stat', 'utf8'));
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

function readPressure(resource: string): string | undefined {
  try {
    return readFileSync(`/proc/pressure/${resource}`, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'EOPNOTSUPP', 'ENOTSUP')) return undefined;
    throw error;
  }
}
