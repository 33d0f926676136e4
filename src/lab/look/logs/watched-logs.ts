import type { LogEntry } from '../../logs/log-entry.ts';
import type { LogSource } from '../../logs/log-line.ts';
import { LogReader } from '../../logs/log-reader.ts';

/** A log that a look reads. */
export interface NamedLog {
  name: string;
  source: LogSource;
}

export interface WatchedLogsOptions {
  /** Entries before it are left out. */
  sinceMs: number | undefined;
  /** What the user should know of older ones, when it was not he who left them out. */
  olderNote?: string;
  /** Whether to go on after the end. */
  follow: boolean;
  /** Ends the reading early; what was read counts. */
  stop: AbortSignal;
}

interface Watched {
  name: string;
  reader: LogReader;
  following: Promise<void> | undefined;
  /** How often it ended, as that of a container does which is stopped, and whether it has not gone on since. */
  ends: number;
  hasEnded: boolean;
}

/** What can be told of every reading. */
export interface LogsRead {
  entries: number;
  /** Lines that were too long to be read. */
  tooLong: number;
  /** Entries that tell of the lab's own requests and statements, and were left out. */
  own: number;
  /** Times of the first and the last entry; null where no entry told a time. */
  firstMs: number | null;
  lastMs: number | null;
  /** Whether the user ended it before the end. */
  stopped: boolean;
  /** Logs that ended while they were followed, in words. */
  ended: string[];
  /** Of entries that were left out without being asked to. */
  olderNote: string | undefined;
}

/**
 * Several logs that are read to their ends, and on from there where they are followed. The first look waits for the
 * ends; a later one takes what came since.
 */
export class WatchedLogs {
  readonly #logs: Watched[];
  readonly #options: WatchedLogsOptions;
  readonly #closed = new AbortController();
  #isRead = false;
  #failure: { cause: unknown } | undefined;
  readonly #read: LogsRead;

  constructor(
    logs: readonly NamedLog[],
    options: WatchedLogsOptions,
    onEntry: (log: string, entry: LogEntry) => void,
  ) {
    this.#options = options;
    const { olderNote } = options;
    this.#read = {
      entries: 0,
      tooLong: 0,
      own: 0,
      firstMs: null,
      lastMs: null,
      stopped: false,
      ended: [],
      olderNote,
    };
    this.#logs = logs.map(({ name, source }) => {
      const reader = new LogReader(source, (entry) => {
        watched.hasEnded = false;
        this.#count(entry);
        onEntry(name, entry);
      });
      const watched: Watched = { name, reader, following: undefined, ends: 0, hasEnded: false };
      return watched;
    });
  }

  get names(): string[] {
    return this.#logs.map(({ name }) => name);
  }

  /** Brings the counts up to now. Rejects with GaugewayError source_unreadable. */
  async look(signal: AbortSignal): Promise<LogsRead> {
    if (!this.#isRead) {
      const bounded = AbortSignal.any([signal, this.#options.stop]);
      for (const { reader } of this.#logs) {
        await reader.source.open(bounded);
        await reader.readToEnd(this.#options.sinceMs, bounded);
      }
      this.#isRead = true;
    }
    for (const log of this.#logs) {
      log.reader.settle();
      if (this.#options.follow && log.reader.source.isOver !== true) log.following ??= this.#follow(log);
    }
    if (this.#failure !== undefined) {
      const { cause } = this.#failure;
      this.#failure = undefined;
      throw cause;
    }
    const tooLong = this.#logs.reduce((sum, { reader }) => sum + reader.source.tooLong, 0);
    const own = this.#logs.reduce((sum, { reader }) => sum + reader.own, 0);
    const stopped = this.#options.stop.aborted && !this.#options.follow;
    return { ...this.#read, tooLong, own, stopped, ended: this.#logs.flatMap(endOf) };
  }

  /** How much of the log under way was read, 0..1; undefined where that cannot be told. */
  async progress(): Promise<number | undefined> {
    for (const { reader } of this.#isRead ? [] : this.#logs) {
      const at = await reader.source.progress?.();
      if (at !== undefined && at.bytes < at.ofBytes) return at.bytes / at.ofBytes;
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    for (const { following, reader } of this.#logs) {
      await following;
      await reader.close();
    }
  }

  /** One that fails is told of once. It is followed again at the next look, as one that ends is. */
  async #follow(log: Watched): Promise<void> {
    try {
      await log.reader.follow(this.#closed.signal);
      if (!log.hasEnded) log.ends += 1;
      log.hasEnded = true;
    } catch (cause) {
      this.#failure = { cause };
    }
    log.following = undefined;
  }

  #count({ atMs }: LogEntry): void {
    this.#read.entries += 1;
    if (atMs === null) return;
    this.#read.firstMs = Math.min(this.#read.firstMs ?? Infinity, atMs);
    this.#read.lastMs = Math.max(this.#read.lastMs ?? -Infinity, atMs);
  }
}

function endOf({ name, reader, ends, hasEnded }: Watched): string[] {
  if (ends === 0) return [];
  if (!hasEnded)
    return [`${name} while it was away: it ended ${ends === 1 ? 'once' : `${ends} times`} and goes on`];
  return [
    `more of ${name}: it has ended${reader.source.isOver === true ? '' : ', and is read again when it goes on'}`,
  ];
}

/** What a reader has to know of how it was read. */
export function notesOf({ tooLong, own, stopped, ended, olderNote }: LogsRead): string[] {
  return [
    ...ended,
    ...(olderNote === undefined ? [] : [olderNote]),
    ...(tooLong > 0 ? [`${tooLong} lines longer than 64 KiB`] : []),
    ...(own > 0 ? [`${own} entries of the lab's own requests and statements`] : []),
    ...(stopped ? ['what comes after the place where the reading was ended'] : []),
  ];
}

const dayMs = 86_400_000;

/** `13:04:05` of the last day, `11-27 13:04` before it, `-` of an unknown time. */
export function shownTime(atMs: number | null, nowMs: number): string {
  if (atMs === null) return '-';
  const at = new Date(atMs);
  const clock = at.toTimeString().slice(0, 8);
  if (nowMs - atMs < dayMs) return clock;
  return `${twoDigits(at.getMonth() + 1)}-${twoDigits(at.getDate())} ${clock.slice(0, 5)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
