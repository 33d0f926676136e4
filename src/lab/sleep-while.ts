import { sleep } from '../shared/clock.ts';

/**
 * Sleeps until `ended` settles or `signal` aborts at the latest, and leaves no timer behind; rejects with `ended`.
 * Whether it settled.
 */
export async function sleepWhile(
  ended: Promise<void>,
  durationMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const awake = new AbortController();
  try {
    const asleep = sleep(durationMs, AbortSignal.any([signal, awake.signal])).then(() => false);
    return await Promise.race([asleep, ended.then(() => true)]);
  } finally {
    awake.abort();
  }
}
