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

/** A busy process loses under 2 % to V8's own profiler at 1000 Hz; what looks in from outside costs more for each sample. */
export const usualRateHz: Record<Runtime, number> = { node: 1000, python: 100, native: 99 };

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
