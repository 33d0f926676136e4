import { ProcessEndedError, readProcStat } from '../../../shared/proc-files.ts';
import { type AttachOptions, NodeTarget } from './node-target.ts';

/**
 * Gives what attaches to one process, also again after the connection was lost. A later process that got its pid is
 * never taken for it, nor signalled: ProcessEndedError then. Otherwise it throws as {@link NodeTarget.attach} does.
 */
export function sameProcess(
  pid: number,
  options: AttachOptions,
): (signal: AbortSignal) => Promise<NodeTarget> {
  let startTicks: number | undefined;
  return async (signal) => {
    if (startTicks !== undefined && (await readProcStat(pid)).startTicks !== startTicks) {
      throw new ProcessEndedError(pid);
    }
    const target = await NodeTarget.attach(pid, { ...options, signal });
    startTicks ??= (await readProcStat(pid)).startTicks;
    return target;
  };
}
