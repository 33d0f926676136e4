import type { Logger } from '../../shared/logger.ts';
import { NotApplicableError } from '../collect/not-applicable.ts';
import { NodeTarget } from './node/node-target.ts';
import type { CpuProfiler } from './profiler.ts';
import { runtimeOf } from './runtime-of.ts';

export interface ProfilerOptions {
  logger: Logger;
  signal: AbortSignal;
  /** Samples a second. */
  rateHz: number;
}

/**
 * Attaches the profiler that knows the functions of what runs in a process. Throws GaugewayError usage when the
 * process may not be attached to, with what is missing, and source_unreadable when it cannot.
 */
export async function openProfiler(pid: number, options: ProfilerOptions): Promise<CpuProfiler> {
  const runtime = await runtimeOf(pid);
  const { logger, signal, rateHz } = options;
  if (runtime === 'node') return NodeTarget.attach(pid, { logger, signal, intervalUs: 1e6 / rateHz });
  throw new NotApplicableError(`process ${pid} is not Node; it was not attached to`);
}
