import { randomUUID } from 'node:crypto';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import type { CpuProfiler, ProfilingWindow, ThreadNow, WaitingFor } from '../profiler.ts';
import { labPatience, type LabPatience, oneAmongLabs } from './among-labs.ts';
import { describeMainThread } from './blocked.ts';
import { closeWhenBack } from './close-when-back.ts';
import { CpuRecording, type MissingTime } from './cpu-recording.ts';
import { inspectorClosed } from './find-inspector.ts';
import { InspectorClient } from './inspector-client.ts';
import { type OpenInspector, openInspector } from './open-inspector.ts';
import type { ProtocolSession } from './protocol-session.ts';
import { processSourceMaps } from './source-maps.ts';
import { stackNow } from './stack-now.ts';
import { injected, injectedError, type RawVitals } from './vitals.ts';
import { parseWaiting, waitingExpression } from './waiting.ts';

/** Of the event loop's delay histogram; it waits that long by itself. */
export const delayResolutionMs = 10;
/** A lab that was killed leaves the process as it was after that time at the latest. */
const abandonedAfterMs = 30_000;
/** One that comes late does not end the attachment. */
const heartbeatsInTime = 5;

/** Between two samples where nobody asks for another rate. */
const usualIntervalUs = 1000;

export interface AttachOptions {
  logger: Logger;
  /** Microseconds between two stacks of a CPU profile; 1000 by default. */
  intervalUs?: number;
  /** See {@link CpuRecordingOptions}; two seconds by default. */
  chunkMs?: number;
  /** The same. */
  cutTimeoutMs?: number;
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
  readonly #recording: CpuRecording;
  readonly #patience: LabPatience;
  #heartbeat: NodeJS.Timeout | undefined;

  private constructor(
    pid: number,
    client: InspectorClient,
    inspector: OpenInspector,
    {
      logger,
      intervalUs = usualIntervalUs,
      chunkMs,
      cutTimeoutMs,
      patience,
    }: AttachOptions & { patience: LabPatience },
  ) {
    this.pid = pid;
    this.#client = client;
    this.#inspector = inspector;
    this.#logger = logger;
    this.#patience = patience;
    this.#recording = new CpuRecording(client, {
      pid,
      session: this.#session,
      intervalUs,
      logger,
      ...(chunkMs === undefined ? {} : { chunkMs }),
      ...(cutTimeoutMs === undefined ? {} : { cutTimeoutMs }),
      atSource: processSourceMaps(pid),
    });
  }

  /**
   * Attaches; throws as {@link openInspector} does. When it fails halfway, what was installed is undone: at once, or by
   * a process whose main thread does not answer when it comes back. Another lab that attaches to the process at the same
   * time shares its inspector; the last one to leave closes it.
   */
  static async attach(pid: number, options: AttachOptions & { signal: AbortSignal }): Promise<NodeTarget> {
    const patience = labPatience();
    return oneAmongLabs(attachmentTo(pid), { patience, signal: options.signal }, () =>
      NodeTarget.#attachAlone(pid, { ...options, patience }),
    );
  }

  static async #attachAlone(
    pid: number,
    options: AttachOptions & { signal: AbortSignal; patience: LabPatience },
  ): Promise<NodeTarget> {
    const inspector = await openInspector(pid, options);
    let client: InspectorClient | undefined;
    try {
      client = await InspectorClient.connect(inspector.url, inspector.reach);
      const target = new NodeTarget(pid, client, inspector, options);
      await target.#install(options.abandonedAfterMs ?? abandonedAfterMs);
      return target;
    } catch (error) {
      if (inspector.openedByUs) client?.leave(injected.endInspector(inspector));
      await client?.close();
      if (inspector.openedByUs && !(await inspectorClosed(pid, inspector.socket)))
        await closeWhenBack(pid, []);
      await inspector.reach.destroy();
      throw error;
    }
  }

  get lost(): boolean {
    return this.#client.lost;
  }

  /** The session with its main thread, for other domains of the protocol. */
  get main(): ProtocolSession {
    return this.#client;
  }

  /** What happened in the process since the last call. */
  async vitals(): Promise<RawVitals> {
    const vitals = this.#reply(await this.#client.evaluate(injected.sample(this.#session)));
    if (vitals === null) throw new GaugewayError('source_unreadable', `process ${this.pid} gave no vitals`);
    return vitals;
  }

  /**
   * Begins a window over all threads; several may run at once. While one runs, V8 keeps what it needs to tell inlined
   * functions apart. A worker that starts meanwhile is seen from its first tasks on, one that ends up to two seconds before
   * its end.
   */
  async start(): Promise<ProfilingWindow> {
    return this.#recording.start();
  }

  async waiting(): Promise<WaitingFor> {
    return parseWaiting(this.pid, await this.#client.evaluate(waitingExpression));
  }

  async stackNow(): Promise<ThreadNow[]> {
    return stackNow(this.pid, () => this.start());
  }

  facts(): string[] {
    return this.missing.map(({ says }) => says);
  }

  /** What its profiles do not show. */
  get missing(): readonly MissingTime[] {
    return this.#recording.missing;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    try {
      if (!this.lost) {
        await oneAmongLabs(attachmentTo(this.pid), { patience: this.#patience }, () => this.#undo());
      }
    } finally {
      await this.#inspector.reach.destroy();
    }
  }

  /** A process that does not answer in time undoes everything when it comes back, as the messages wait for it. */
  async #undo(): Promise<void> {
    let closes = false;
    try {
      await this.#recording.close();
      const reply = await this.#client.evaluate(injected.end(this.#session));
      this.#reply(reply);
      closes = typeof reply === 'object' && reply !== null && Reflect.get(reply, 'closes') === true;
    } catch (error) {
      this.#client.leave(injected.end(this.#session));
      if (!this.lost) {
        this.#logger.warn('the process closes its inspector when it comes back', {
          pid: this.pid,
          error: messageOf(error),
          doing: await describeMainThread(this.pid),
        });
        return;
      }
    } finally {
      await this.#client.close();
    }
    // Whoever of several labs opened it, the last one closes it.
    if (closes && !(await inspectorClosed(this.pid, this.#inspector.socket))) {
      this.#logger.warn('the inspector is still open', { pid: this.pid, url: this.#inspector.url });
    }
  }

  async #install(abandonedMs: number): Promise<void> {
    const options = {
      session: this.#session,
      ownsInspector: this.#inspector.openedByUs,
      resolutionMs: delayResolutionMs,
      abandonedAfterMs: abandonedMs,
      ...(this.#inspector.onAnyPort ? { debugPort: 0 } : {}),
    };
    let reply: unknown;
    try {
      await this.#client.leaveOnExit();
      reply = await this.#client.evaluate(injected.install(options));
    } catch (error) {
      if (this.lost) throw error;
      const doing = await describeMainThread(this.pid);
      throw new GaugewayError('source_unreadable', `process ${this.pid} does not answer: ${doing}`, {
        cause: error,
      });
    }
    const failure = injectedError(reply);
    if (failure !== undefined) {
      throw new GaugewayError('usage', `process ${this.pid} cannot be watched: ${failure}`);
    }
    this.#heartbeat = setInterval(() => this.#keep(), abandonedMs / heartbeatsInTime).unref();
  }

  /** Whoever asks for vitals seldom, or never, is not dead. */
  #keep(): void {
    this.#client.evaluate(injected.keep(this.#session)).catch((error: unknown) => {
      // A process that is blocked hears of it when it comes back.
      this.#logger.debug('no answer to the heartbeat', { pid: this.pid, error: messageOf(error) });
    });
  }

  #reply(reply: unknown): RawVitals | null {
    const failure = injectedError(reply);
    if (failure !== undefined) {
      throw new GaugewayError('source_unreadable', `process ${this.pid}: ${failure}`);
    }
    const value: unknown =
      typeof reply === 'object' && reply !== null ? Reflect.get(reply, 'value') : undefined;
    return isVitals(value) ? value : null;
  }
}

function attachmentTo(pid: number): string {
  return `process-${pid}`;
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
      arrayBuffersBytes: 0,
      activeResources: 0,
    } satisfies RawVitals).every((name) => typeof Reflect.get(value, name) === 'number')
  );
}
