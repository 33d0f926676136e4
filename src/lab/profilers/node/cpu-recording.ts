import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { formatDurationMs } from '../../../shared/duration.ts';
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
const usualCutTimeoutMs = 4000;

export interface CpuRecordingOptions {
  pid: number;
  session: string;
  intervalUs: number;
  logger: Logger;
  chunkMs?: number;
  /** How long a thread in one long call is waited for at the beginning and the end of a window; four seconds by default. */
  cutTimeoutMs?: number;
  /** Names functions by what they were written as; gives the profile back when there is nothing to name. */
  atSource: (profile: Profile) => Profile;
}

/** What a thread did that its profile does not show; `says` so in a sentence. */
export interface MissingTime {
  thread: string;
  says: string;
}

/** A window that runs. Every thread begins it when it can, from `askedMs` on. */
interface Span {
  askedMs: number;
}

/** CPU profiles of all threads of one Node process, in windows that may overlap. */
export class CpuRecording {
  readonly #client: ProtocolSession;
  readonly #options: CpuRecordingOptions;
  readonly #sourceLine: SourceLine;
  readonly #main: ThreadRecorder;
  readonly #workers = new Set<ThreadRecorder>();
  readonly #spans = new Set<Span>();
  readonly #missing: MissingTime[] = [];
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
    const span: Span = { askedMs: nowMs() };
    this.#spans.add(span);
    try {
      await this.#cutMain(() => this.#main.cut('continue'));
      this.#cutWorkers((worker) => worker.cut('continue'));
      this.#watchingWorkers ??= this.#watchWorkers();
      await this.#watchingWorkers;
    } catch (error) {
      this.#spans.delete(span);
      this.#watchingWorkers = undefined;
      throw error;
    }
    this.#timer ??= setInterval(() => this.#cutAll(), this.#options.chunkMs ?? usualChunkMs).unref();
    // A thread that was in one long call begins after that, and the window before lasts until then.
    return { startMs: this.#main.runningSinceMs ?? span.askedMs, stop: async () => this.#stop(span) };
  }

  /** What is missing in the profiles. */
  get missing(): readonly MissingTime[] {
    return this.#missing;
  }

  /** Lets go of the workers; profiles that still run end with the connection. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#spans.clear();
    if (this.#watchingWorkers !== undefined && !this.#client.lost)
      await this.#client.send('NodeWorker.disable');
  }

  async #stop(span: Span): Promise<ThreadProfile[]> {
    if (!this.#spans.delete(span)) throw new RangeError('a window ends once');
    const startMs = span.askedMs;
    const isLast = this.#spans.size === 0;
    if (isLast) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const endMs = nowMs();
    const cut = (recorder: ThreadRecorder): Promise<void> =>
      isLast ? recorder.cut('end') : recorder.cutFor(startMs);
    this.#cutWorkers((worker) =>
      cut(worker).catch((error: unknown) => this.#miss(worker, startMs, endMs, error)),
    );
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
    if (failure !== undefined) {
      if (profiles.length === 0) throw failure.error;
      this.#miss(this.#main, startMs, endMs, failure.error);
    }
    this.#forget();
    return profiles;
  }

  /** A thread that ends takes its last moment with it; what one that lives does not give is told. */
  #miss(recorder: ThreadRecorder, startMs: number, endMs: number, error: unknown): void {
    this.#debug(recorder, error);
    if (recorder.lost) return;
    const { thread } = recorder;
    const time = formatDurationMs(recorder.missingMs(startMs, endMs));
    this.#missing.push({
      thread,
      says: `The last ${time} of pid ${this.#options.pid}, ${thread}, are missing: it did not answer.`,
    });
  }

  /** What no window needs any more. */
  #forget(): void {
    const neededMs = Math.min(Infinity, ...[...this.#spans].map(({ askedMs }) => askedMs));
    this.#main.forget(neededMs);
    for (const worker of this.#workers)
      if (worker.forget(neededMs) && worker.lost) this.#workers.delete(worker);
  }

  #cutAll(): void {
    if (!this.#main.isCutting) {
      this.#main.cut('continue').catch((error: unknown) => this.#debug(this.#main, error));
    }
    this.#cutWorkers(async (worker) => {
      if (!worker.isCutting) await worker.cut('continue');
    });
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
    if (this.#spans.size > 0) this.#inBackground(recorder, recorder.cut('continue'));
  }

  #forgetUnlessNeeded(): void {
    if (this.#spans.size === 0) this.#forget();
  }

  #recorderOptions(thread: string): RecorderOptions {
    const { pid, session, intervalUs, cutTimeoutMs = usualCutTimeoutMs } = this.#options;
    return { thread, session, name: `pid ${pid}`, intervalUs, cutTimeoutMs, sourceLine: this.#sourceLine };
  }
}
