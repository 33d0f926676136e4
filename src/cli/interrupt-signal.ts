import { exitCodes } from './exit-codes.ts';

/**
 * Turns the first Ctrl-C (or SIGTERM) into an abort, so that a command can end in order and keep what it has;
 * the second one leaves at once. `release` gives the signals back.
 */
export function interruptSignal(onInterrupt: () => void): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const interrupted = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    onInterrupt();
    controller.abort();
  };
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, interrupted);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) process.off(name, interrupted);
    },
  };
}
