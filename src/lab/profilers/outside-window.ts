import { nowMs, sleep } from '../../shared/clock.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { ProcessEndedError } from '../../shared/proc-files.ts';
import { mergeThreads } from './merge-threads.ts';
import type { ProfilingWindow, ThreadProfile } from './profiler.ts';
import type { RecorderExit, RecorderProcess } from './recorder-process.ts';

/** What one recorder does for a window. */
export interface RecorderPart {
  readonly recorder: RecorderProcess;
  readonly startMs: number;
  /** Takes note of what it said once it has ended; whether another one may follow it. */
  heard: (output: string) => boolean;
  /** Reads what it wrote until `endMs`. */
  read: (endMs: number) => Promise<ThreadProfile[]>;
}

export interface OutsideWindowOptions {
  /** Starts a recorder; resolves when it samples. Throws as `CpuProfiler.start` does. */
  begin: (signal: AbortSignal) => Promise<RecorderPart>;
  /** Told of the milliseconds that no recorder saw, as one had to follow another. */
  onGap: (missingMs: number) => void;
  /** Told why no recorder follows one that has ended. */
  onFault: (reason: string) => void;
}

/** One that ends at once is not started again and again. */
const leastBetweenStartsMs = 2000;

/**
 * A window of recorders: one that ends before the window does (by its limit of time or of size, or as it took too much
 * CPU) is followed by another one, and what all of them saw is merged.
 */
export class OutsideWindow implements ProfilingWindow {
  readonly startMs: number;
  readonly #options: OutsideWindowOptions;
  readonly #ending: AbortController;
  readonly #threads: Promise<ThreadProfile[]>;
  #part: RecorderPart;
  #endMs: number | undefined;
  #isAbandoned = false;

  private constructor(first: RecorderPart, ending: AbortController, options: OutsideWindowOptions) {
    this.startMs = first.startMs;
    this.#part = first;
    this.#ending = ending;
    this.#options = options;
    this.#threads = this.#record(first);
    // Whoever stops the window is told.
    this.#threads.catch(() => undefined);
  }

  /** Throws as `options.begin` does. */
  static async begin(options: OutsideWindowOptions): Promise<OutsideWindow> {
    const ending = new AbortController();
    return new OutsideWindow(await options.begin(ending.signal), ending, options);
  }

  /** Ends the sampling, so that `stop` only has to read. */
  interrupt(): void {
    this.#endMs ??= nowMs();
    this.#ending.abort();
    this.#part.recorder.interrupt();
  }

  async stop(): Promise<ThreadProfile[]> {
    this.interrupt();
    await this.#part.recorder.finish();
    return this.#threads;
  }

  /** Ends it without a profile. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    this.#ending.abort();
    this.#part.recorder.kill();
    await this.#threads.catch(() => undefined);
  }

  async #record(first: RecorderPart): Promise<ThreadProfile[]> {
    const threads: ThreadProfile[] = [];
    for (let part: RecorderPart | undefined = first; part !== undefined;) {
      const { output }: RecorderExit = await part.recorder.exited;
      const endMs = Math.max(part.startMs, this.#endMs ?? nowMs());
      const next: RecorderPart | undefined = part.heard(output)
        ? await this.#follow(part.startMs, endMs)
        : undefined;
      if (!this.#isAbandoned) threads.push(...(await part.read(endMs)));
      part = next;
    }
    return mergeThreads(threads);
  }

  async #follow(startMs: number, endMs: number): Promise<RecorderPart | undefined> {
    const { signal } = this.#ending;
    await sleep(Math.max(0, startMs + leastBetweenStartsMs - nowMs()), signal);
    if (signal.aborted) return undefined;
    try {
      const next = await this.#options.begin(signal);
      this.#part = next;
      this.#options.onGap(next.startMs - endMs);
      if (signal.aborted) await next.recorder.finish();
      return next;
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      if (!signal.aborted && !(error instanceof ProcessEndedError)) this.#options.onFault(error.message);
      return undefined;
    }
  }
}
