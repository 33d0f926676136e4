import { ProcessEndedError, readProcStat } from '../../shared/proc-files.ts';
import type { CpuProfiler, ProfilerName, ProfilingWindow } from './profiler.ts';
import type { RecorderProcess } from './recorder-process.ts';

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
  protected readonly running = new Set<RecorderProcess>();
  readonly #folder: OutsideTargetFound['folder'];
  readonly #startTicks: number;
  readonly #facts: string[] = [];
  #files = 0;
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

  abstract start(): Promise<ProfilingWindow>;

  facts(): string[] {
    return [...this.#facts];
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.running].map((recorder) => {
        recorder.kill();
        return recorder.exited;
      }),
    );
    this.running.clear();
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

  /** Has a recorder of a window write down what it has; resolves to what it said. */
  protected async finish(recorder: RecorderProcess): Promise<string> {
    const { output } = await recorder.finish();
    this.running.delete(recorder);
    return output;
  }
}
