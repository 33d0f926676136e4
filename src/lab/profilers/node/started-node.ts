import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { fromCpuProfile } from '../../profile/from-cpuprofile.ts';
import type { SourceLine } from '../../profile/name-json-calls.ts';
import type { Profile } from '../../profile/profile.ts';
import type { CpuProfiler, ProfilingWindow, ThreadNow, ThreadProfile, WaitingFor } from '../profiler.ts';
import { labPatience } from './among-labs.ts';
import { exitEvent, InspectorClient } from './inspector-client.ts';
import { labApart } from './lab-apart.ts';
import { type AttachOptions, NodeTarget } from './node-target.ts';
import { type OpenInspector, openInspector } from './open-inspector.ts';
import { processSourceLines } from './source-lines.ts';
import { processSourceMaps } from './source-maps.ts';
import type { RawVitals } from './vitals.ts';

/** Node opens its inspector on a free port of loopback, without telling it on stderr, and waits there before its first line. */
export const waitForProfiler = ['--inspect-wait=127.0.0.1:0', '--inspect-publish-uid=http'];

const usualIntervalUs = 1000;
/** For the whole of what a program did, which is large, and asked for in the middle of one call, maybe. */
const stopTimeoutMs = 30_000;

/**
 * A Node process that was started with {@link waitForProfiler}: its main thread is profiled from its first line to its
 * last, in one window. The rest is as with any other Node process, once it has begun to run.
 */
export class StartedNode implements CpuProfiler {
  readonly profiler = 'v8';
  readonly pid: number;
  readonly #client: InspectorClient;
  readonly #inspector: OpenInspector;
  readonly #options: AttachOptions & { signal: AbortSignal };
  readonly #sourceLine: SourceLine;
  readonly #atSource: (profile: Profile) => Profile;
  #startMs = 0;
  /** The profile of the main thread, once the process is about to exit. */
  #last: Promise<Profile> | undefined;
  /** Undefined before the process runs, and for one that ends too soon. */
  #target: NodeTarget | undefined;

  private constructor(
    pid: number,
    client: InspectorClient,
    inspector: OpenInspector,
    options: AttachOptions & { signal: AbortSignal },
  ) {
    this.pid = pid;
    this.#client = client;
    this.#inspector = inspector;
    this.#options = options;
    this.#sourceLine = processSourceLines(pid);
    this.#atSource = processSourceMaps(pid);
  }

  /** Attaches; the process waits until {@link start}. Throws as `openInspector` does, and lets it go on then. */
  static async attach(pid: number, options: AttachOptions & { signal: AbortSignal }): Promise<StartedNode> {
    const inspector = await openInspector(pid, { ...options, patience: labPatience() });
    const client = await InspectorClient.connect(inspector.url, inspector.reach);
    const started = new StartedNode(pid, client, inspector, options);
    client.on(exitEvent, () => started.#takeLast());
    return started;
  }

  get lost(): boolean {
    return this.#client.lost;
  }

  /** Begins the only window, and lets the process run. */
  async start(): Promise<ProfilingWindow> {
    try {
      await this.#client.leaveOnExit();
      await this.#client.send('Profiler.enable');
      await this.#client.send('Profiler.setSamplingInterval', { interval: this.#intervalUs });
      await this.#client.send('Profiler.start');
    } finally {
      // Whatever happens here, it must not wait for ever.
      await this.#client.send('Runtime.runIfWaitingForDebugger');
    }
    const startMs = nowMs();
    this.#startMs = startMs;
    const others = await this.#others();
    return {
      startMs,
      stop: async () => {
        const [profile, threads] = await Promise.all([this.#last ?? this.#profile(), workersOf(others)]);
        return [{ thread: 'main', profile }, ...threads];
      },
    };
  }

  async vitals(): Promise<RawVitals> {
    return this.#running().vitals();
  }

  async waiting(): Promise<WaitingFor> {
    return this.#running().waiting();
  }

  async stackNow(): Promise<ThreadNow[]> {
    return this.#running().stackNow();
  }

  facts(): string[] {
    // The profile of the main thread is not of its windows.
    return (this.#target?.missing ?? []).filter(({ thread }) => thread !== 'main').map(({ says }) => says);
  }

  async close(): Promise<void> {
    await this.#target?.close();
    if (!this.lost) await this.#client.close();
    await this.#inspector.reach.destroy();
  }

  /** The window of what begins later than the main thread. */
  async #others(): Promise<ProfilingWindow | undefined> {
    try {
      this.#target = await NodeTarget.attach(this.pid, this.#options);
      return await this.#target.start();
    } catch (error) {
      // A short program has ended by now; its main thread is profiled all the same.
      if (error instanceof GaugewayError) return undefined;
      throw error;
    }
  }

  #running(): NodeTarget {
    if (this.#target !== undefined) return this.#target;
    throw new GaugewayError('source_unreadable', `process ${this.pid} does not answer`);
  }

  get #intervalUs(): number {
    return this.#options.intervalUs ?? usualIntervalUs;
  }

  /** Reads the files of the process, too, which is there as long as this session is. */
  async #profile(): Promise<Profile> {
    const { profile } = await this.#client.send('Profiler.stop', {}, stopTimeoutMs);
    const place = {
      name: `pid ${this.pid}`,
      startMs: this.#startMs,
      interval: this.#intervalUs,
      sourceLine: this.#sourceLine,
    };
    return this.#atSource(labApart(fromCpuProfile(profile, place)));
  }

  async #lastProfile(): Promise<Profile> {
    try {
      return await this.#profile();
    } finally {
      await this.#client.close();
    }
  }

  /** The process waits for this session to leave: all that it did is in the profile now. */
  #takeLast(): void {
    this.#last = this.#lastProfile();
    // Told to whoever stops the window.
    this.#last.catch(() => undefined);
  }
}

async function workersOf(window: ProfilingWindow | undefined): Promise<ThreadProfile[]> {
  try {
    return ((await window?.stop()) ?? []).filter(({ thread }) => thread !== 'main');
  } catch (error) {
    // A process that has ended has no worker any more whose profile could be asked for.
    if (error instanceof GaugewayError) return [];
    throw error;
  }
}
