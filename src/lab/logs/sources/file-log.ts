import { access, constants } from 'node:fs/promises';
import { sleep } from '../../../shared/clock.ts';
import { FollowedFile } from '../../followed-file.ts';
import { readingFile } from '../../reading-file.ts';
import type { LogSource, OnLogLine } from '../log-line.ts';

const lookEveryMs = 250;

/** A log in a file: one that grows, is cut, or is replaced by log rotation; gzip by its name. */
export class FileLog implements LogSource {
  readonly #path: string;
  readonly #file: FollowedFile;

  constructor(path: string) {
    this.#path = path;
    this.#file = new FollowedFile(path);
  }

  get tooLong(): number {
    return this.#file.tooLong;
  }

  open(): Promise<void> {
    return readingFile(this.#path, () => access(this.#path, constants.R_OK));
  }

  skip(): Promise<void> {
    return readingFile(this.#path, () => this.#file.skip());
  }

  async readToEnd(_sinceMs: number | undefined, onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { bytes, ended } = await this.#pull(onLine);
      if (bytes === 0 || ended) break;
    }
    this.#file.takeRest((text) => onLine({ text, atMs: null, writer: '' }));
  }

  async follow(onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { bytes, ended } = await this.#pull(onLine);
      if (ended) return;
      if (bytes === 0) await sleep(lookEveryMs, signal);
    }
  }

  progress(): Promise<{ bytes: number; ofBytes: number } | undefined> {
    return readingFile(this.#path, () => this.#file.progress());
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #pull(onLine: OnLogLine): Promise<{ bytes: number; ended: boolean }> {
    return readingFile(this.#path, () => this.#file.pull((text) => onLine({ text, atMs: null, writer: '' })));
  }
}
