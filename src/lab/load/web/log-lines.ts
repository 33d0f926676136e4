import { createLogger } from '../../../shared/logger.ts';
import type { Logger } from '../../../shared/logger.ts';

const maxLines = 1_000;

/** Keeps the last log lines, from `info` on, for those who cannot see the terminal; passes everything on. */
export class LogLines {
  readonly #lines: string[] = [];
  #written = 0;
  /** Write here. */
  readonly logger: Logger;

  constructor(next: Logger, onLine: () => void) {
    const kept = createLogger('info', (line) => {
      this.#lines.push(line.trimEnd());
      this.#written += 1;
      if (this.#lines.length > maxLines) this.#lines.shift();
      onLine();
    });
    const both =
      (level: keyof Logger): Logger[keyof Logger] =>
      (message, fields) => {
        kept[level](message, fields);
        next[level](message, fields);
      };
    this.logger = { debug: both('debug'), info: both('info'), warn: both('warn'), error: both('error') };
  }

  /** JSON, the oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** How many were ever written, those that are no longer kept among them. */
  get written(): number {
    return this.#written;
  }

  /** Those after the first `written` ones that are still kept. */
  after(written: number): readonly string[] {
    const count = Math.max(0, this.#written - written);
    return count === 0 ? [] : this.#lines.slice(-count);
  }
}
