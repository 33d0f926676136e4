import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { readProcStat } from '../../../shared/proc-files.ts';
import type { SourceLine } from '../../profile/name-json-calls.ts';
import type { Profile } from '../../profile/profile.ts';
import type { ProfilingWindow, ThreadProfile } from '../profiler.ts';
import type { ProtocolSession } from './protocol-session.ts';
import { processSourceLines } from './source-lines.ts';
import { type RecorderOptions, ThreadRecorder } from './thread-recorder.ts';
import { watchWorkers, type WorkerSession } from './worker-session.ts';

/** What a process or a worker did up to that long before it ended suddenly is lost. */
const usualChunkMs = 2000;

export interface CpuRecordingOptions {
  pid: number;
  session: string;
  intervalUs: number;
  logger: Logger;
  chunkMs?: number;
  /** Names functions by what they were written as; gives the profile back when there is nothing to name. */
  atSource: (profile: Profile) => Profile;
}

/** CPU profiles of all threads of one Node process, in windows that may overlap. */
export class CpuRecording {
  readonly #client: ProtocolSession;
  readonly #options: CpuRecordingOptions;
  readonly #sourceLine: SourceLine;
  readonly #main: ThreadRecorder;
  readonly #workers = new Set<ThreadRecorder>();
  readonly #windows = new Set<ProfilingWindow>();
  /** Cutting of workers, which is not waited for: a worker that is blocked must not hold up the others. */
  readonly #busy = new Set<Promise<void>>();
  #watchingWorkers: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: ProtocolSession, options: CpuRecordingOptions) {
    this.#client = client;
    this.#options = options;
    this.#sourceLine = processSourceLines(options.pid);
    this.#main = new ThreadRecorder(client, this.#recorderOptions('main'));
  }

  async start(): Promise<ProfilingWindow> {
    const startMs = nowMs();
    const window: ProfilingWindow = { startMs, stop: async () => this.#stop(window) };
    this.#windows.add(window);
    try {
      await this.#cutMain(() => this.#main.cut('continue'));
      this.#cutWorkers((worker) => worker.cut('continue'));
      this.#watchingWorkers ??= this.#watchWorkers();
      await this.#watchingWorkers;
    } catch (error) {
      this.#windows.delete(window);
      this.#watchingWorkers = undefined;
      throw error;
    }
    this.#timer ??= setInterval(() => this.#cutAll(), this.#options.chunkMs ?? usualChunkMs).unref();
    return window;
  }

  /** Lets go of the workers; profiles that still run end with the connection. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#windows.clear();
    if (this.#watchingWorkers !== undefined && !this.#client.lost)
      await this.#client.send('NodeWorker.disable');
  }

  async #stop(window: ProfilingWindow): Promise<ThreadProfile[]> {
    if (!this.#windows.delete(window)) throw new RangeError('a window ends once');
    const { startMs } = window;
    const isLast = this.#windows.size === 0;
    if (isLast) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const cut = (recorder: ThreadRecorder): Promise<void> =>
      isLast ? recorder.cut('end') : recorder.cutFor(startMs);
    this.#cutWorkers(cut);
    const failure = await this.#cutMain(() => cut(this.#main)).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    await Promise.all(this.#busy);
    const profiles: ThreadProfile[] = [];
    for (const recorder of [this.#main, ...this.#workers]) {
      const profile = recorder.since(startMs);
      if (profile === undefined) continue;
      profiles.push({ thread: recorder.thread, profile: this.#options.atSource(profile) });
    }
    this.#forget();
    if (failure === undefined) return profiles;
    if (profiles.length === 0) throw failure.error;
    this.#options.logger.warn('the end of a CPU profile is missing', {
      pid: this.#options.pid,
      error: messageOf(failure.error),
    });
    return profiles;
  }

  /** What no window needs any more. */
  #forget(): void {
    const neededMs = Math.min(Infinity, ...[...this.#windows].map(({ startMs }) => startMs));
    this.#main.forget(neededMs);
    for (const worker of this.#workers)
      if (worker.forget(neededMs) && worker.lost) this.#workers.delete(worker);
  }

  #cutAll(): void {
    this.#main.cut('continue').catch((error: unknown) => this.#debug(this.#main, error));
    this.#cutWorkers((worker) => worker.cut('continue'));
  }

  async #cutMain(cut: () => Promise<void>): Promise<void> {
    try {
      await cut();
    } catch (error) {
      // Tells a process that is gone from one that does not answer.
      if (error instanceof GaugewayError && this.#client.lost) await readProcStat(this.#options.pid);
      throw error;
    }
  }

  #cutWorkers(cut: (worker: ThreadRecorder) => Promise<void>): void {
    for (const worker of this.#workers) if (!worker.lost) this.#inBackground(worker, cut(worker));
  }

  #inBackground(recorder: ThreadRecorder, cutting: Promise<void>): void {
    const settled = cutting
      .catch((error: unknown) => this.#debug(recorder, error))
      .finally(() => this.#busy.delete(settled));
    this.#busy.add(settled);
  }

  #debug({ thread }: ThreadRecorder, error: unknown): void {
    this.#options.logger.debug('no CPU profile', { pid: this.#options.pid, thread, error: messageOf(error) });
  }

  async #watchWorkers(): Promise<void> {
    await watchWorkers(this.#client, {
      started: (worker) => this.#addWorker(worker),
      // What it did until then stays until the windows that saw it are stopped.
      ended: () => this.#forgetUnlessNeeded(),
    });
  }

  #addWorker(worker: WorkerSession): void {
    const recorder = new ThreadRecorder(worker, this.#recorderOptions(worker.thread));
    this.#workers.add(recorder);
    if (this.#windows.size > 0) this.#inBackground(recorder, recorder.cut('continue'));
  }

  #forgetUnlessNeeded(): void {
    if (this.#windows.size === 0) this.#forget();
  }

  #recorderOptions(thread: string): RecorderOptions {
    const { pid, session, intervalUs } = this.#options;
    return { thread, session, name: `pid ${pid}`, intervalUs, sourceLine: this.#sourceLine };
  }
}
