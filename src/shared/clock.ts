/** Read once: reading it costs several times what the rest of a look at the clock does. */
const originMs = performance.timeOrigin;

/**
 * The one clock of a run: milliseconds since the Unix epoch that never step backwards. Node's monotonic
 * clock plus its origin; an NTP step in the middle of a run would otherwise tear the timeline apart.
 */
export function nowMs(): number {
  return originMs + performance.now();
}

/** Resolves after `ms`, or at once when `signal` aborts (it never rejects). */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
