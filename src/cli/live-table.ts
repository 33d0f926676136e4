/**
 * Shows how a load goes, on stderr so that stdout stays for the result: a table that is redrawn in place on a
 * terminal, and a line a second otherwise.
 */
export class LiveTable {
  readonly #stream: NodeJS.WriteStream;
  #drawnLines = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** `table` is asked for only where it can be redrawn. */
  show(table: (options: { columns: number; color: boolean }) => string, line: string): void {
    if (!this.#stream.isTTY) {
      this.#stream.write(`${line}\n`);
      return;
    }
    const { columns, rows } = this.#stream;
    const color = process.env['NO_COLOR'] === undefined;
    const drawn = [line, '', ...table({ columns, color }).split('\n')].slice(0, rows - 1);
    this.clear();
    // Wrapped lines would make the redraw miss its start.
    this.#stream.write(`\u001b[?7l${drawn.join('\n')}\n\u001b[?7h`);
    this.#drawnLines = drawn.length;
  }

  /** Takes the table away again. */
  clear(): void {
    if (this.#drawnLines > 0) this.#stream.write(`\u001b[${this.#drawnLines}A\u001b[0J`);
    this.#drawnLines = 0;
  }
}
