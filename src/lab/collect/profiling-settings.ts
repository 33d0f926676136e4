import { GaugewayError } from '../../shared/errors.ts';
import { procMissing } from '../../shared/proc-files.ts';
import type { ProcessRole } from '../../shared/stack-description.ts';
import { openProfiler, type ProfilerOptions } from '../profilers/open-profiler.ts';
import type { CpuProfiler } from '../profilers/profiler.ts';
import { type Runtime, runtimeOf } from '../profilers/runtime-of.ts';

/** How the processes of a run are profiled. */
export interface ProfilingSettings {
  enabled: boolean;
  /** Length of one CPU profile. */
  windowMs: number;
  /** Samples a second; undefined takes what is usual for what runs in the process. */
  rateHz: number | undefined;
  /** Roles that are profiled beside the gateway. */
  roles: readonly ProcessRole[];
}

export const usualProfiling: ProfilingSettings = {
  enabled: true,
  windowMs: 5000,
  rateHz: undefined,
  roles: [],
};

/** What keeps a busy process within 2 % of what it does without: bench/profile shows it, and that 1000 Hz does not in Node. */
export const usualRateHz: Record<Runtime, number> = { node: 100, python: 100, native: 99 };

/** Opens the profiler of a process as a run wants it. Throws as `openProfiler` does. */
export async function openSessionProfiler(
  pid: number,
  { rateHz }: ProfilingSettings,
  options: Omit<ProfilerOptions, 'rateHz'>,
): Promise<CpuProfiler> {
  const missing = procMissing();
  if (missing !== undefined) throw new GaugewayError('usage', `CPU profiles: ${missing}`);
  return openProfiler(pid, { ...options, rateHz: rateHz ?? usualRateHz[await runtimeOf(pid)] });
}
