import { labUserAgent } from '../../shared/lab-agent.ts';
import { EntryFolder } from './fold-entries.ts';
import type { LogEntry } from './log-entry.ts';
import type { LogLine, LogSource } from './log-line.ts';

/** Writers whose entries may be open at a time; a unit that starts a process per request has more. */
const maxWriters = 50;

/** Reads one log as entries: the same for a single look and for a run. */
export class LogReader {
  readonly source: LogSource;
  readonly #onEntry: (entry: LogEntry) => void;
  readonly #folders = new Map<string, EntryFolder>();
  readonly #maxLines: number;
  #lines = 0;
  #dropped = 0;
  #toldDropped = 0;
  #own = 0;
  #sinceMs = -Infinity;
  /** Lines without a time of their own belong to the last one that had one. */
  #lastMs: number | null = null;

  /** `maxLines` are read between two calls of `settle`; what comes beyond is only counted. */
  constructor(source: LogSource, onEntry: (entry: LogEntry) => void, maxLines = Infinity) {
    this.source = source;
    this.#onEntry = onEntry;
    this.#maxLines = maxLines;
  }

  /** Reads what is there, from `sinceMs` on. Rejects with GaugewayError source_unreadable. */
  async readToEnd(sinceMs: number | undefined, signal: AbortSignal): Promise<void> {
    this.#sinceMs = sinceMs ?? -Infinity;
    await this.source.readToEnd(sinceMs, (line) => this.#add(line), signal);
    this.#endAll();
  }

  /** Reads what comes after what was read or left out, until `signal` aborts or the source ends. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.source.follow((line) => this.#add(line), signal);
    this.#endAll();
  }

  /** Ends entries of which no line has come since this was called last. */
  settle(): void {
    this.#lines = 0;
    for (const folder of this.#folders.values()) folder.settle();
  }

  /** Lines that were not read since this was called last: too many, or too long. */
  takeDropped(): number {
    const dropped = this.#dropped + this.source.tooLong;
    const since = dropped - this.#toldDropped;
    this.#toldDropped = dropped;
    return since;
  }

  /** Entries that name the lab: they tell of its own requests and statements, and are handed to nobody. */
  get own(): number {
    return this.#own;
  }

  async close(): Promise<void> {
    this.#endAll();
    await this.source.close();
  }

  #add(line: LogLine): void {
    this.#lines += 1;
    if (this.#lines > this.#maxLines) {
      this.#dropped += 1;
      return;
    }
    let folder = this.#folders.get(line.writer);
    if (folder === undefined) {
      if (this.#folders.size >= maxWriters) this.#endAll();
      folder = new EntryFolder((entry) => this.#entry(entry));
      this.#folders.set(line.writer, folder);
    }
    folder.add(line);
  }

  #entry(entry: LogEntry): void {
    const atMs = entry.atMs ?? this.#lastMs;
    this.#lastMs = atMs;
    if (atMs !== null && atMs < this.#sinceMs) return;
    if (entry.text.includes(labUserAgent) || entry.stack?.includes(labUserAgent) === true) this.#own += 1;
    else this.#onEntry({ ...entry, atMs });
  }

  #endAll(): void {
    for (const folder of this.#folders.values()) folder.end();
    this.#folders.clear();
  }
}
