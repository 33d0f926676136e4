import { nowMs, sleep } from '../../shared/clock.ts';
import { GaugewayError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { readProcStat } from '../../shared/proc-files.ts';
import { formatBytes } from '../look/quantity.ts';
import { type MemoryUse, readMemory } from '../profilers/node/memory-reading.ts';
import { delayResolutionMs, NodeTarget } from '../profilers/node/node-target.ts';

/** A process whose heap is looked at, and how it is called in what is shown. */
export interface HeapProcess {
  pid: number;
  label: string;
}

export interface HeapOptions {
  logger: Logger;
  signal: AbortSignal;
  /** The user knows that the process stops for a while. */
  pauseOk: boolean;
}

/** What a process used at one time of the run's clock. */
export interface TimedMemory extends MemoryUse {
  atMs: number;
}

const everyMs = 1000;
/** A heap of 256 MiB stops for a quarter of a second while it is collected: longer than callers put up with unasked. */
const unaskedHeapBytes = 256 * 2 ** 20;

/**
 * Attaches to a process to sample its heap. Each reading of V8's sampler stops it for a full collection, so that a large
 * heap is refused unless the user agreed: GaugewayError usage. Otherwise throws as {@link NodeTarget.attach}.
 */
export async function attachToHeap({ pid }: HeapProcess, options: HeapOptions): Promise<NodeTarget> {
  const target = await NodeTarget.attach(pid, options);
  try {
    const { heapUsedBytes } = await readMemory(target.main);
    if (heapUsedBytes <= unaskedHeapBytes || options.pauseOk) return target;
    throw new GaugewayError(
      'usage',
      `process ${pid} was not sampled: V8 collects all garbage before it tells its samples, which stops the process ` +
        `for about ${collectionEstimate(heapUsedBytes)} (${formatBytes(heapUsedBytes)} of heap in use). ` +
        'Add --pause-ok where that is all right',
    );
  } catch (error) {
    await target.close();
    throw error;
  }
}

/** Measured: 0.5 to 1.3 ms for each MiB in use, on a machine of 2026 that does other work as well. */
function collectionEstimate(heapUsedBytes: number): string {
  const mebibytes = heapUsedBytes / 2 ** 20;
  return `${(mebibytes / 2000).toFixed(1)} to ${(mebibytes / 770).toFixed(1)} s`;
}

/**
 * Reads the memory once a second for `durationMs`, or until the signal. Asks for the vitals as well, by which
 * the process knows that it is still watched. Throws ProcessEndedError when it has ended.
 */
export async function watchMemory(
  target: NodeTarget,
  durationMs: number,
  signal: AbortSignal,
  onReading: (reading: TimedMemory) => void = () => undefined,
): Promise<TimedMemory[]> {
  const readings: TimedMemory[] = [];
  const endMs = nowMs() + durationMs;
  for (;;) {
    const reading = await timedMemory(target);
    await target.vitals();
    readings.push(reading);
    onReading(reading);
    const leftMs = endMs - nowMs();
    if (leftMs <= 0 || signal.aborted) return readings;
    await sleep(Math.min(everyMs, leftMs), signal);
  }
}

/** Throws ProcessEndedError when the process has ended. */
export async function timedMemory(target: NodeTarget): Promise<TimedMemory> {
  const atMs = nowMs();
  try {
    return { atMs, ...(await readMemory(target.main)) };
  } catch (error) {
    // A connection that ended because the process did is told as that.
    if (target.lost) await readProcStat(target.pid);
    throw error;
  }
}

/** The longest time that the event loop stood still while `act` ran, in milliseconds. */
export async function measuringPause<T>(
  target: NodeTarget,
  act: () => Promise<T>,
): Promise<{ result: T; pauseMs: number }> {
  await target.vitals();
  const result = await act();
  // The loop notes that it was late only when it turns again.
  await sleep(5 * delayResolutionMs);
  const { delayMaxNs } = await target.vitals();
  return { result, pauseMs: Math.max(0, delayMaxNs / 1e6 - delayResolutionMs) };
}
