import type { Readable } from 'node:stream';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { LineSplitter } from '../../line-splitter.ts';
import type { LogSource, OnLogLine } from '../log-line.ts';
import { streamLines } from './stream-lines.ts';

/** What another command writes into ours, e.g. `docker logs X 2>&1 | gaugeway logs errors -`. */
export class StdinLog implements LogSource {
  readonly #stream: Readable;
  readonly #lines = new LineSplitter();

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  get tooLong(): number {
    return this.#lines.tooLong;
  }

  get isOver(): boolean {
    return this.#stream.readableEnded || this.#stream.destroyed;
  }

  async open(): Promise<void> {}

  /** What waits in a pipe is not told from what is written now. */
  async skip(): Promise<void> {}

  async readToEnd(_sinceMs: number | undefined, onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    await this.follow(onLine, signal);
  }

  async follow(onLine: OnLogLine, signal: AbortSignal): Promise<void> {
    try {
      await streamLines(
        this.#stream,
        this.#lines,
        (text) => onLine({ text, atMs: null, writer: '' }),
        signal,
      );
    } catch (cause) {
      throw new GaugewayError('source_unreadable', `stdin cannot be read: ${messageOf(cause)}`, { cause });
    }
  }

  async close(): Promise<void> {
    this.#stream.destroy();
  }
}
