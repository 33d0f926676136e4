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
  #sinceMs = -Infinity;
  /** Lines without a time of their own belong to the last one that had one. */
  #lastMs: number | null = null;

  constructor(source: LogSource, onEntry: (entry: LogEntry) => void) {
    this.source = source;
    this.#onEntry = onEntry;
  }

  /** Reads what is there, from `sinceMs` on. Rejects with GaugewayError source_unreadable. */
  async readToEnd(sinceMs: number | undefined, signal: AbortSignal): Promise<void> {
    this.#sinceMs = sinceMs ?? -Infinity;
    await this.source.readToEnd(sinceMs, (line) => this.#add(line), signal);
    this.#endAll();
  }

  /** Reads what comes after that, or from now on, until `signal` aborts or the source ends. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.source.follow((line) => this.#add(line), signal);
    this.#endAll();
  }

  /** Ends entries of which no line has come since this was called last. */
  settle(): void {
    for (const folder of this.#folders.values()) folder.settle();
  }

  async close(): Promise<void> {
    this.#endAll();
    await this.source.close();
  }

  #add(line: LogLine): void {
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
    if (atMs === null || atMs >= this.#sinceMs) this.#onEntry({ ...entry, atMs });
  }

  #endAll(): void {
    for (const folder of this.#folders.values()) folder.end();
    this.#folders.clear();
  }
}
