import { nowMs, sleep } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { fromCpuProfile } from '../../profile/from-cpuprofile.ts';
import { mergeProfiles } from '../../profile/merge-profiles.ts';
import type { SourceLine } from '../../profile/name-json-calls.ts';
import type { Profile } from '../../profile/profile.ts';
import { sliceProfile } from '../../profile/slice-profile.ts';
import { labApart } from './lab-apart.ts';
import type { ProtocolSession } from './protocol-session.ts';
import { injected, injectedError } from './vitals.ts';

/** So close to the last cut that another one tells nothing. */
const justCutMs = 100;
/** For that, the requests wait as long as a thread may be in one call. */
const blockedPatienceMs = 3_600_000;

interface RunningChunk {
  title: string;
  startMs: number;
}

export interface RecorderOptions {
  /** How the thread is called, e.g. `main`. */
  thread: string;
  /** Names the profiles of this attachment among those that others take at the same time. */
  session: string;
  /** Of the profile: the process. */
  name: string;
  intervalUs: number;
  /** Who cuts waits no longer for a thread that does not answer: it is cut when it comes back. */
  cutTimeoutMs: number;
  sourceLine: SourceLine;
}

/**
 * The CPU profile of one thread, as chunks that follow each other without a gap: the next one runs before the last one is
 * ended, and what both saw is counted once. A thread that is in one long call begins the next one only after that, hence
 * they are cut by its own clock. V8 keeps what it needs to tell inlined functions apart while any of them runs.
 */
export class ThreadRecorder {
  readonly thread: string;
  readonly #session: ProtocolSession;
  readonly #options: RecorderOptions;
  readonly #finished = new Map<string, unknown>();
  readonly #chunks: Profile[] = [];
  #running: RunningChunk | undefined;
  #enabled = false;
  #count = 0;
  #cutting = 0;
  /** From V8's clock to the run's, in milliseconds. */
  #clockMs = 0;
  /** Cuts come at any time; what they do to the profiler goes one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(session: ProtocolSession, options: RecorderOptions) {
    this.thread = options.thread;
    this.#session = session;
    this.#options = options;
  }

  get lost(): boolean {
    return this.#session.lost;
  }

  /** A cut is asked for that the thread has not made yet. */
  get isCutting(): boolean {
    return this.#cutting > 0;
  }

  /** When the chunk that runs began, on the run's clock; undefined while none runs. */
  get runningSinceMs(): number | undefined {
    return this.#running?.startMs;
  }

  /**
   * Ends the chunk that runs and, unless this is the end, begins the next one before that. Throws GaugewayError
   * source_unreadable when the thread does not answer within `cutTimeoutMs`; it is cut all the same when it comes back.
   */
  async cut(then: 'continue' | 'end'): Promise<void> {
    this.#cutting += 1;
    const mine = this.#last.then(async () => {
      const last = this.#running;
      const next = then === 'continue' ? await this.#begin() : undefined;
      this.#running = next;
      if (last !== undefined) await this.#end(last, next?.startMs);
    });
    this.#last = mine
      .catch(() => undefined)
      .finally(() => {
        this.#cutting -= 1;
      });
    await this.#answered(mine);
  }

  /** Ends what a window since `startMs` is made of, unless that has just been done. */
  async cutFor(startMs: number): Promise<void> {
    await this.#answered(this.#last);
    const cutMs = this.#running?.startMs ?? -Infinity;
    if (cutMs > startMs && nowMs() - cutMs < justCutMs && this.#chunks.some((c) => c.startMs >= startMs))
      return;
    await this.cut('continue');
  }

  /** The profile from `startMs` on, up to the last cut; undefined when there is none. */
  since(startMs: number): Profile | undefined {
    const chunks = this.#chunks.filter((chunk) => chunk.startMs >= startMs);
    const [first] = chunks;
    return chunks.length <= 1 ? first : mergeProfiles(chunks, this.#options.name);
  }

  /** Forgets chunks that began before; true when nothing is left. */
  forget(beforeMs: number): boolean {
    const kept = this.#chunks.filter(({ startMs }) => startMs >= beforeMs);
    this.#chunks.splice(0, this.#chunks.length, ...kept);
    return kept.length === 0;
  }

  /** From `startMs` on: what of the time until `endMs` is not in a finished chunk, in milliseconds. */
  missingMs(startMs: number, endMs: number): number {
    const lastMs = this.#chunks.findLast((chunk) => chunk.startMs >= startMs)?.endMs ?? startMs;
    return Math.max(0, endMs - lastMs);
  }

  async #begin(): Promise<RunningChunk> {
    await this.#enable();
    this.#count += 1;
    const title = `gaugeway ${this.#options.session} ${this.#count}`;
    return { title, startMs: await this.#evaluate(injected.profile(title)) };
  }

  async #end({ title, startMs }: RunningChunk, untilMs: number | undefined): Promise<void> {
    // The profile is sent before the answer.
    const endMs = await this.#evaluate(injected.profileEnd(title));
    const document = this.#finished.get(title);
    this.#finished.delete(title);
    if (document === undefined) {
      throw new GaugewayError('source_unreadable', `${this.#options.name} gave no profile of ${this.thread}`);
    }
    const { name, intervalUs: interval, sourceLine } = this.#options;
    const place = { name, startMs, endMs, interval, sourceLine };
    const profile = labApart(fromCpuProfile(document, place));
    this.#chunks.push(
      (untilMs === undefined ? undefined : sliceProfile(profile, startMs, untilMs)) ?? profile,
    );
  }

  async #enable(): Promise<void> {
    if (this.#enabled) return;
    const prefix = `gaugeway ${this.#options.session} `;
    this.#session.on('Profiler.consoleProfileFinished', ({ title, profile }) => {
      // Of those that somebody else takes, nothing is kept.
      if (String(title).startsWith(prefix)) this.#finished.set(String(title), profile);
    });
    // In this order: what another session begins on the console runs in each that is enabled, and holds its interval.
    await this.#session.send('Profiler.setSamplingInterval', { interval: this.#options.intervalUs });
    await this.#session.send('Profiler.enable');
    this.#clockMs = await this.#readClock();
    this.#enabled = true;
  }

  /** All processes of a machine have one monotonic clock, but for those of another time namespace (time_namespaces(7)). */
  async #readClock(): Promise<number> {
    const askedMs = nowMs();
    const thereMs = await this.#evaluate(injected.clock());
    const sameMs = nowMs() - Number(process.hrtime.bigint()) / 1e6;
    return Math.min(Math.max(sameMs, askedMs - thereMs), nowMs() - thereMs);
  }

  /** When the thread did it, on the run's clock. */
  async #evaluate(expression: string): Promise<number> {
    const reply = await this.#session.evaluate(expression, blockedPatienceMs);
    const error = injectedError(reply);
    if (error !== undefined) throw new GaugewayError('source_unreadable', `${this.#options.name}: ${error}`);
    const atMs = typeof reply === 'object' && reply !== null ? Reflect.get(reply, 'atMs') : undefined;
    return this.#clockMs + Number(atMs);
  }

  /** What is asked of the thread, for as long as somebody waits for it. */
  async #answered(cutting: Promise<void>): Promise<void> {
    const { name, cutTimeoutMs } = this.#options;
    const patience = new AbortController();
    const isLate = sleep(cutTimeoutMs, patience.signal).then(() => !patience.signal.aborted);
    try {
      await Promise.race([
        cutting,
        isLate.then((late) => {
          if (!late) return;
          throw new GaugewayError(
            'source_unreadable',
            `${name}: ${this.thread} did not answer within ${cutTimeoutMs / 1000} s`,
          );
        }),
      ]);
    } finally {
      patience.abort();
    }
  }
}
