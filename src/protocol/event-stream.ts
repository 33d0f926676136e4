import { GaugewayError } from '../shared/errors.ts';

/** One server-sent event that carries a JSON-RPC message. JSON text has no line breaks that SSE could split. */
export function messageEvent(json: string): string {
  return `event: message\ndata: ${json.includes('\n') || json.includes('\r') ? dataLines(json) : json}\n\n`;
}

function dataLines(json: string): string {
  return json.split(/\r\n|\r|\n/).join('\ndata: ');
}

/**
 * Parses an event stream (WHATWG HTML, "Server-sent events") as its text comes in. Returns the data of each
 * complete `message` event; other event types, comments, `id` and `retry` are left out. Each character is looked
 * at a bounded number of times however the stream is cut, because a server may send it in the worst way.
 */
export class EventStreamParser {
  readonly #maxEventLength: number;
  /** What came of a line whose end has not come yet. */
  #lineParts: string[] = [];
  #lineLength = 0;
  #data: string[] = [];
  #dataLength = 0;
  #type = '';
  #skipLineFeed = false;
  #started = false;

  /** `maxEventLength`, in UTF-16 code units, bounds one event; a longer one is upstream_invalid. */
  constructor(maxEventLength: number) {
    this.#maxEventLength = maxEventLength;
  }

  push(chunk: string): string[] {
    const messages: string[] = [];
    let start = 0;
    if (!this.#started && chunk !== '') {
      this.#started = true;
      if (chunk.startsWith('\uFEFF')) start = 1;
    }
    let lineFeed = -1;
    let carriageReturn = -1;
    for (;;) {
      if (this.#skipLineFeed && start < chunk.length) {
        this.#skipLineFeed = false;
        if (chunk[start] === '\n') start += 1;
      }
      if (lineFeed < start) lineFeed = indexOrEnd(chunk, '\n', start);
      if (carriageReturn < start) carriageReturn = indexOrEnd(chunk, '\r', start);
      const end = Math.min(lineFeed, carriageReturn);
      if (end === chunk.length) break;
      this.#skipLineFeed = end === carriageReturn;
      this.#line(this.#completeLine(chunk.slice(start, end)), messages);
      start = end + 1;
    }
    if (start < chunk.length) this.#lineParts.push(chunk.slice(start));
    this.#lineLength += chunk.length - start;
    if (this.#lineLength + this.#dataLength > this.#maxEventLength) {
      throw new GaugewayError('upstream_invalid', 'the upstream sent an event that is too large');
    }
    return messages;
  }

  #completeLine(end: string): string {
    if (this.#lineParts.length === 0) return end;
    const line = this.#lineParts.join('') + end;
    this.#lineParts = [];
    this.#lineLength = 0;
    return line;
  }

  #line(line: string, messages: string[]): void {
    if (line === '') {
      // Empty data is no event: servers send it to prime the client with an id.
      const data = this.#data.join('\n');
      if (data !== '' && (this.#type === '' || this.#type === 'message')) messages.push(data);
      this.#data = [];
      this.#dataLength = 0;
      this.#type = '';
      return;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#type = value;
    if (field === 'data') {
      this.#data.push(value);
      this.#dataLength += line.length + 1;
    }
  }
}

/** Where `character` is found; the length of the text when nowhere. */
function indexOrEnd(text: string, character: string, from: number): number {
  const index = text.indexOf(character, from);
  return index === -1 ? text.length : index;
}
