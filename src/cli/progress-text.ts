import { nowMs } from '../shared/clock.ts';

/** Milliseconds between two lines where nothing can be redrawn. */
const lineEveryMs = 10_000;

/** A text on stderr that says how far something is: redrawn in place on a terminal, a line now and then otherwise. */
export class ProgressText {
  readonly #stream: NodeJS.WriteStream = process.stderr;
  #drawn = false;
  #lastLineMs = Number.NEGATIVE_INFINITY;

  show(text: string): void {
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\u001b[2K${text.slice(0, Math.max(20, this.#stream.columns - 1))}`);
      this.#drawn = true;
    } else if (nowMs() - this.#lastLineMs >= lineEveryMs) {
      this.#stream.write(`${text}\n`);
      this.#lastLineMs = nowMs();
    }
  }

  /** A line that stays; gives it back. */
  note(text: string): string {
    this.end();
    this.#stream.write(`${text}\n`);
    return text;
  }

  /** Takes away what was drawn. */
  end(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[2K');
    this.#drawn = false;
  }
}
