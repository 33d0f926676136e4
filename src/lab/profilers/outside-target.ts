import { formatDurationMs } from '../../shared/duration.ts';
import { ProcessEndedError, readProcStat } from '../../shared/proc-files.ts';
import { OutsideWindow, type RecorderPart } from './outside-window.ts';
import type { CpuProfiler, ProfilerName, ProfilingWindow, ThreadProfile } from './profiler.ts';

/** A process, and the program that is to sample it. */
export interface OutsideTargetFound {
  pid: number;
  startTicks: number;
  /** Path of the sampling program. */
  program: string;
  /** For what it writes. */
  folder: { path: string; remove: () => Promise<void> };
}

/** One process that is sampled from outside by recorders, which are programs of their own: what py-spy and perf share. */
export abstract class OutsideTarget implements CpuProfiler {
  abstract readonly profiler: ProfilerName;
  readonly pid: number;
  protected readonly program: string;
  readonly #running = new Set<OutsideWindow>();
  readonly #folder: OutsideTargetFound['folder'];
  readonly #startTicks: number;
  readonly #facts: string[] = [];
  #files = 0;
  #restarts = 0;
  #missingMs = 0;
  #lost = false;

  protected constructor({ pid, startTicks, program, folder }: OutsideTargetFound) {
    this.pid = pid;
    this.program = program;
    this.#startTicks = startTicks;
    this.#folder = folder;
  }

  /** Turns true when the process has ended. */
  get lost(): boolean {
    return this.#lost;
  }

  async start(): Promise<ProfilingWindow> {
    const window = await OutsideWindow.begin({
      begin: (signal) => this.begin(signal),
      onGap: (missingMs) => {
        this.#restarts += 1;
        this.#missingMs += missingMs;
      },
      onFault: (reason) => this.tell(`${this.profiler} ended, and could not be started again: ${reason}`),
    });
    this.#running.add(window);
    const stop = async (): Promise<ThreadProfile[]> => {
      const threads = await window.stop();
      this.#running.delete(window);
      return threads;
    };
    return { startMs: window.startMs, stop };
  }

  facts(): string[] {
    if (this.#restarts === 0) return [...this.#facts];
    const times = this.#restarts === 1 ? 'once' : `${this.#restarts} times`;
    const missing = formatDurationMs(this.#missingMs);
    return [
      ...this.#facts,
      `${this.profiler} was started again ${times}: meanwhile, ${missing} were not sampled`,
    ];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running].map((window) => window.abandon()));
    this.#running.clear();
    await this.#folder.remove();
  }

  /** A later process that got the pid is never sampled: ProcessEndedError. */
  protected async requireSame(): Promise<void> {
    try {
      if ((await readProcStat(this.pid)).startTicks === this.#startTicks) return;
    } catch (error) {
      if (error instanceof ProcessEndedError) this.markLost();
      throw error;
    }
    this.markLost();
    throw new ProcessEndedError(this.pid);
  }

  protected markLost(): void {
    this.#lost = true;
  }

  /** Adds to the facts, once. */
  protected tell(fact: string): void {
    if (!this.#facts.includes(fact)) this.#facts.push(fact);
  }

  /** Where the next recorder writes. */
  protected nextFile(ending: string): string {
    this.#files += 1;
    return `${this.#folder.path}/${this.#files}.${ending}`;
  }

  /** Ends the sampling of the windows that run. */
  protected interruptWindows(): void {
    for (const window of this.#running) window.interrupt();
  }

  /** Starts a recorder of a window, and resolves when it samples. Throws as {@link start} does. */
  protected abstract begin(signal: AbortSignal): Promise<RecorderPart>;
}
