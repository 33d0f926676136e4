import { randomUUID } from 'node:crypto';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { nowMs } from '../../../shared/clock.ts';
import { fromCpuProfile } from '../../profile/from-cpuprofile.ts';
import type { CpuProfiler, ProfilingWindow, ThreadProfile } from '../profiler.ts';
import { InspectorClient } from './inspector-client.ts';
import { inspectorClosed, type OpenInspector, openInspector } from './open-inspector.ts';
import { injected, type RawVitals } from './vitals.ts';

/** Of the event loop's delay histogram; it waits that long by itself. */
export const delayResolutionMs = 10;
/** A lab that was killed leaves the process as it was after that time at the latest. */
const abandonedAfterMs = 30_000;

/** Between two samples; a busy process loses under 2 % to it, and to 10,000 nothing that can be measured. */
const usualIntervalUs = 1000;

export interface AttachOptions {
  logger: Logger;
  /** Microseconds between two stacks of a CPU profile; 1000 by default. */
  intervalUs?: number;
  abandonedAfterMs?: number;
}

/** An attachment to one running Node process, undone by `close`: nothing is left in it, and its inspector is shut. */
export class NodeTarget implements CpuProfiler {
  readonly profiler = 'v8';
  readonly pid: number;
  readonly #session = randomUUID();
  readonly #client: InspectorClient;
  readonly #inspector: OpenInspector;
  readonly #logger: Logger;
  readonly #intervalUs: number;
  #started = 0;
  /** Finished profiles by title; undefined until the first starts. */
  #profiles: Map<string, object> | undefined;

  private constructor(
    pid: number,
    client: InspectorClient,
    inspector: OpenInspector,
    { logger, intervalUs = usualIntervalUs }: AttachOptions,
  ) {
    this.pid = pid;
    this.#client = client;
    this.#inspector = inspector;
    this.#logger = logger;
    this.#intervalUs = intervalUs;
  }

  /**
   * Attaches; throws as {@link openInspector} does. When it fails halfway, what was installed is undone; an inspector
   * that can no longer be reached is told to the log.
   */
  static async attach(pid: number, options: AttachOptions & { signal: AbortSignal }): Promise<NodeTarget> {
    const inspector = await openInspector(pid, options);
    const client = await InspectorClient.connect(inspector.url).catch((error: unknown) => {
      if (inspector.openedByUs) {
        options.logger.warn('the inspector is still open', { pid, url: inspector.url });
      }
      throw error;
    });
    const target = new NodeTarget(pid, client, inspector, options);
    try {
      await target.#install(options.abandonedAfterMs ?? abandonedAfterMs);
    } catch (error) {
      if (inspector.openedByUs && !client.lost) await client.evaluate(injected.endInspector());
      await client.close();
      throw error;
    }
    return target;
  }

  get lost(): boolean {
    return this.#client.lost;
  }

  /** What happened in the process since the last call. */
  async vitals(): Promise<RawVitals> {
    const vitals = this.#reply(await this.#client.evaluate(injected.sample(this.#session)));
    if (vitals === null) throw new GaugewayError('source_unreadable', `process ${this.pid} gave no vitals`);
    return vitals;
  }

  /**
   * Begins a window; several may run at once. While one runs, V8 keeps what it needs to tell inlined functions
   * apart and starts the next without a pause, so that windows overlap.
   */
  async start(): Promise<ProfilingWindow> {
    const profiles = await this.#enabledProfiler();
    this.#started += 1;
    const title = `gaugeway ${this.#started}`;
    const startMs = nowMs();
    this.#reply(await this.#client.evaluate(injected.profile(title)));
    return { startMs, stop: async () => this.#stop(title, startMs, profiles) };
  }

  async #enabledProfiler(): Promise<Map<string, object>> {
    if (this.#profiles !== undefined) return this.#profiles;
    const profiles = new Map<string, object>();
    this.#client.on('Profiler.consoleProfileFinished', ({ title: ended, profile }) => {
      if (typeof profile === 'object' && profile !== null) profiles.set(String(ended), profile);
    });
    await this.#client.send('Profiler.enable');
    await this.#client.send('Profiler.setSamplingInterval', { interval: this.#intervalUs });
    this.#profiles = profiles;
    return profiles;
  }

  async #stop(title: string, startMs: number, profiles: Map<string, object>): Promise<ThreadProfile[]> {
    // The profile is sent before the answer.
    this.#reply(await this.#client.evaluate(injected.profileEnd(title)));
    const endMs = nowMs();
    const profile = profiles.get(title);
    profiles.delete(title);
    if (profile === undefined) {
      throw new GaugewayError('source_unreadable', `process ${this.pid} gave no profile`);
    }
    const name = `pid ${this.pid}`;
    const place = { name, startMs, endMs, interval: this.#intervalUs };
    return [{ thread: 'main', profile: fromCpuProfile(profile, place) }];
  }

  async close(): Promise<void> {
    if (this.lost) return;
    try {
      this.#reply(await this.#client.evaluate(injected.end(this.#session)));
    } finally {
      await this.#client.close();
    }
    if (this.#inspector.openedByUs && !(await inspectorClosed(this.pid, this.#inspector.socket))) {
      this.#logger.warn('the inspector is still open', { pid: this.pid, url: this.#inspector.url });
    }
  }

  async #install(abandonedMs: number): Promise<void> {
    const options = {
      session: this.#session,
      ownsInspector: this.#inspector.openedByUs,
      resolutionMs: delayResolutionMs,
      abandonedAfterMs: abandonedMs,
    };
    try {
      this.#reply(await this.#client.evaluate(injected.install(options)));
    } catch (error) {
      throw new GaugewayError('usage', `process ${this.pid} cannot be watched: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #reply(reply: unknown): RawVitals | null {
    if (typeof reply !== 'object' || reply === null) {
      throw new GaugewayError('source_unreadable', `process ${this.pid} gave no answer`);
    }
    if ('error' in reply) throw new GaugewayError('source_unreadable', String(reply.error));
    return 'value' in reply && isVitals(reply.value) ? reply.value : null;
  }
}

function isVitals(value: unknown): value is RawVitals {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys({
      delayP50Ns: 0,
      delayP99Ns: 0,
      delayMaxNs: 0,
      utilization: 0,
      gcCount: 0,
      gcMs: 0,
      heapUsedBytes: 0,
      externalBytes: 0,
      activeResources: 0,
    } satisfies RawVitals).every((name) => typeof Reflect.get(value, name) === 'number')
  );
}
