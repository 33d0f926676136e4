import { nowMs, sleep } from '../../shared/clock.ts';
import { describeLogOrigin, type WatchedLog } from '../../shared/stack-description.ts';
import { isAtLeast } from '../logs/log-entry.ts';
import type { LogEntry } from '../logs/log-entry.ts';
import { LogKinds } from '../logs/log-kinds.ts';
import { LogReader } from '../logs/log-reader.ts';
import { signatureOfEntry } from '../logs/entry-signature.ts';
import { createLogSource } from '../logs/sources/create-log-source.ts';
import type { LogSample } from '../timeline/samples/log-sample.ts';
import type { Collector, CollectorSink } from './collector.ts';

/** What is parsed of a second at most: a storm must not cost more than a few percent of a core. */
const maxLinesPerWindow = 5000;
const templatesPerSample = 20;
const kindsInDocument = 500;
const firstRetryMs = 1000;
const maxRetryMs = 15_000;

/** Follows one log from the start of the run: what it says each second, and at the end all kinds of entries. */
export class LogCollector implements Collector {
  readonly source = 'log';
  readonly target: string;
  readonly everyMs = 1000;
  readonly #reader: LogReader;
  readonly #closed = new AbortController();
  readonly #whole = new LogKinds();
  #window = new LogKinds();
  #byLevel: LogSample['byLevel'] = {};
  #entries = 0;
  #dropped = 0;
  #windowStartMs = 0;
  #following: Promise<void> | undefined;
  #failure: { cause: unknown } | undefined;

  constructor(log: WatchedLog, containerSocket: string | undefined) {
    this.target = `${log.name} (${describeLogOrigin(log.from)})`;
    const source = createLogSource(log.from, containerSocket);
    this.#reader = new LogReader(source, (entry) => this.#add(entry), maxLinesPerWindow);
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#reader.source.open(signal);
    await this.#reader.source.skip(signal);
    this.#windowStartMs = nowMs();
    this.#following = this.#follow();
  }

  async sample(sink: CollectorSink): Promise<void> {
    this.#tell(sink);
    this.#throwFailure();
  }

  /** A failure of the last moments costs nothing of what was read before it: it is told when that is stored. */
  async finish(sink: CollectorSink): Promise<void> {
    await this.#stop();
    this.#tell(sink);
    const kinds = this.#whole.list();
    await sink.log({
      log: this.target,
      entries: this.#entries,
      own: this.#reader.own,
      dropped: this.#dropped,
      kinds: kinds.slice(0, kindsInDocument),
      furtherKinds: Math.max(0, kinds.length - kindsInDocument),
    });
    this.#throwFailure();
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  #tell(sink: CollectorSink): void {
    const startedMs = performance.now();
    this.#reader.settle();
    const atMs = nowMs();
    const dropped = this.#reader.takeDropped();
    this.#dropped += dropped;
    const sample: LogSample = {
      windowMs: atMs - this.#windowStartMs,
      byLevel: this.#byLevel,
      templates: this.#window
        .list()
        .slice(0, templatesPerSample)
        .map(({ template, level, errorType, signature, count }) => ({
          template,
          level,
          errorType,
          signature,
          count,
        })),
      dropped,
    };
    this.#window = new LogKinds();
    this.#byLevel = {};
    this.#windowStartMs = atMs;
    sink.sample('log', this.target, performance.now() - startedMs, sample);
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const { cause } = this.#failure;
    this.#failure = undefined;
    throw cause;
  }

  #add(entry: LogEntry): void {
    this.#entries += 1;
    this.#byLevel[entry.level] = (this.#byLevel[entry.level] ?? 0) + 1;
    const told = { ...entry, atMs: entry.atMs ?? nowMs() };
    if (!isAtLeast(entry.level, 'warn') && signatureOfEntry(entry) === undefined) return;
    this.#whole.add(told);
    this.#window.add(told);
  }

  /** A log that ends (its container was stopped) or fails is followed again, from where it was left. */
  async #follow(): Promise<void> {
    const { signal } = this.#closed;
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(maxRetryMs, waitMs * 2)) {
      const startedMs = nowMs();
      try {
        await this.#reader.follow(signal);
      } catch (cause) {
        this.#failure = { cause };
      }
      if (nowMs() - startedMs > maxRetryMs) waitMs = firstRetryMs;
      await sleep(waitMs, signal);
    }
  }

  async #stop(): Promise<void> {
    this.#closed.abort();
    await this.#following;
    await this.#reader.close();
  }
}
