import { StringDecoder } from 'node:string_decoder';

/** Lines beyond this are left out: nothing that is read here writes them on purpose. */
const maxLineLength = 64 * 1024;

/** Cuts a stream of bytes into lines, in UTF-8 and whatever way it comes in pieces. Holds one line at most. */
export class LineSplitter {
  /** Lines that were left out because of their length. */
  tooLong = 0;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';
  #leavesOut: boolean;

  /** `withinLine` leaves out the first line, which is the rest of one. */
  constructor(withinLine = false) {
    this.#leavesOut = withinLine;
  }

  push(chunk: Buffer, onLine: (line: string) => void): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.length > maxLineLength) this.tooLong += 1;
      else if (!this.#leavesOut) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
      this.#leavesOut = false;
    }
    if (this.#rest.length <= maxLineLength) return;
    this.#rest = '';
    if (!this.#leavesOut) this.tooLong += 1;
    this.#leavesOut = true;
  }

  /** Hands on the last line, which nothing ended. */
  end(onLine: (line: string) => void): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '' && !this.#leavesOut) onLine(rest);
    this.#leavesOut = false;
  }
}
