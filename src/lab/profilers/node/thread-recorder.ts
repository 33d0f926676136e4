import { nowMs } from '../../../shared/clock.ts';
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
  sourceLine: SourceLine;
}

/**
 * The CPU profile of one thread, as chunks that follow each other without a gap: the next one runs before the last one is
 * ended, and what both saw is counted once. V8 keeps what it needs to tell inlined functions apart while any of them runs.
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

  /**
   * Ends the chunk that runs and, unless this is the end, begins the next one before that. Throws GaugewayError
   * source_unreadable when the thread does not answer: the chunk that ran is lost then.
   */
  async cut(then: 'continue' | 'end'): Promise<void> {
    const mine = this.#last.then(async () => {
      const last = this.#running;
      this.#running = undefined;
      if (then === 'continue') this.#running = await this.#begin();
      if (last !== undefined) await this.#end(last);
    });
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  /** Ends what a window since `startMs` is made of, unless that has just been done. */
  async cutFor(startMs: number): Promise<void> {
    await this.#last;
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

  async #begin(): Promise<RunningChunk> {
    await this.#enable();
    this.#count += 1;
    const title = `gaugeway ${this.#options.session} ${this.#count}`;
    const startMs = nowMs();
    await this.#evaluate(injected.profile(title));
    return { title, startMs };
  }

  async #end({ title, startMs }: RunningChunk): Promise<void> {
    // The profile is sent before the answer.
    await this.#evaluate(injected.profileEnd(title));
    const document = this.#finished.get(title);
    this.#finished.delete(title);
    if (document === undefined) {
      throw new GaugewayError('source_unreadable', `${this.#options.name} gave no profile of ${this.thread}`);
    }
    const { name, intervalUs: interval, sourceLine } = this.#options;
    const place = { name, startMs, endMs: nowMs(), interval, sourceLine };
    const profile = labApart(fromCpuProfile(document, place));
    const untilMs = this.#running?.startMs;
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
    this.#enabled = true;
  }

  async #evaluate(expression: string): Promise<void> {
    const error = injectedError(await this.#session.evaluate(expression));
    if (error !== undefined) throw new GaugewayError('source_unreadable', `${this.#options.name}: ${error}`);
  }
}
