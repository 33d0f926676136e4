import { ProcessEndedError, readProcStat } from '../../shared/proc-files.ts';

/**
 * Gives what attaches to one process, also again after the connection was lost. A later process that got its pid is
 * never taken for it, nor signalled: ProcessEndedError then. Otherwise it throws as `attach` does.
 */
export function sameProcess<C>(
  pid: number,
  attach: (signal: AbortSignal) => Promise<C>,
): (signal: AbortSignal) => Promise<C> {
  let startTicks: number | undefined;
  return async (signal) => {
    if (startTicks !== undefined && (await readProcStat(pid)).startTicks !== startTicks) {
      throw new ProcessEndedError(pid);
    }
    const attached = await attach(signal);
    startTicks ??= (await readProcStat(pid)).startTicks;
    return attached;
  };
}
