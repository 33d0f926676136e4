import type { Readable } from 'node:stream';
import { interruptSignal } from './interrupt-signal.ts';

export interface StopRequest {
  /** Fires on the first SIGINT or SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Resolves when `signal` fires. */
  readonly stopped: Promise<void>;
}

/**
 * When a server of this process should end: asked by a signal or, `withParent`, by the end of stdin, which is
 * what a parent that was killed leaves behind.
 */
export function awaitStopRequest(withParent: boolean, stdin: Readable = process.stdin): StopRequest {
  const parentGone = new AbortController();
  const { signal: interrupted } = interruptSignal(() => undefined);
  if (withParent) {
    stdin.once('close', () => parentGone.abort());
    stdin.resume();
  }
  const signal = AbortSignal.any([interrupted, parentGone.signal]);
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        // A parent may hold its end open: a stdin that is still read would keep this process alive for ever.
        if (withParent) stdin.destroy();
        resolve();
      },
      { once: true },
    );
  });
  return { signal, stopped };
}

/** The one line on stdout by which a parent knows that the server takes connections. */
export function announceListening(url: string): void {
  process.stdout.write(`${JSON.stringify({ event: 'listening', url, pid: process.pid })}\n`);
}
