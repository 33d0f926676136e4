import type { Logger } from '../../shared/logger.ts';
import { NodeTarget } from './node/node-target.ts';
import { samplingIntervalUs } from './node/sampling-interval.ts';
import { PerfTarget } from './perf/perf-target.ts';
import type { CpuProfiler } from './profiler.ts';
import { type PythonSampling, PySpyTarget } from './py-spy/py-spy-target.ts';
import { runtimeOf } from './runtime-of.ts';

export interface ProfilerOptions {
  logger: Logger;
  signal: AbortSignal;
  /** Samples a second. */
  rateHz: number;
  /** A profile for each thread; by default py-spy and perf lay the threads of a process over each other. */
  threads?: boolean;
  /** How Python is sampled. */
  python?: PythonSampling;
}

/**
 * Attaches the profiler that knows the functions of what runs in a process. Throws GaugewayError usage when the
 * process may not be attached to, with what is missing, and source_unreadable when it cannot.
 */
export async function openProfiler(pid: number, options: ProfilerOptions): Promise<CpuProfiler> {
  const runtime = await runtimeOf(pid);
  const { logger, signal, rateHz } = options;
  if (runtime === 'node')
    return NodeTarget.attach(pid, { logger, signal, intervalUs: samplingIntervalUs(rateHz) });
  return runtime === 'python' ? PySpyTarget.attach(pid, options) : PerfTarget.attach(pid, options);
}
