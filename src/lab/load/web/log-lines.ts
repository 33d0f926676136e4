import { createLogger } from '../../../shared/logger.ts';
import type { Logger } from '../../../shared/logger.ts';

const maxLines = 1_000;

/** Keeps the last log lines, from `info` on, for those who cannot see the terminal; passes everything on. */
export class LogLines {
  readonly #lines: string[] = [];
  /** Write here. */
  readonly logger: Logger;

  constructor(next: Logger) {
    const kept = createLogger('info', (line) => {
      this.#lines.push(line.trimEnd());
      if (this.#lines.length > maxLines) this.#lines.shift();
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
}
