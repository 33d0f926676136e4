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
 * complete `message` event; other event types, comments, `id` and `retry` are left out.
 */
export class EventStreamParser {
  readonly #maxEventLength: number;
  #pending = '';
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
    let text = this.#pending + chunk;
    if (!this.#started && text.length > 0) {
      this.#started = true;
      if (text.startsWith('\uFEFF')) text = text.slice(1);
    }
    let start = 0;
    for (;;) {
      if (this.#skipLineFeed && start < text.length) {
        this.#skipLineFeed = false;
        if (text[start] === '\n') start += 1;
      }
      const end = lineEnd(text, start);
      if (end === -1) break;
      if (text[end] === '\r') this.#skipLineFeed = true;
      this.#line(text.slice(start, end), messages);
      start = end + 1;
    }
    this.#pending = text.slice(start);
    if (this.#pending.length + this.#dataLength > this.#maxEventLength) {
      throw new GaugewayError('upstream_invalid', 'the upstream sent an event that is too large');
    }
    return messages;
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
      this.#dataLength += value.length + 1;
    }
  }
}

function lineEnd(text: string, from: number): number {
  const lineFeed = text.indexOf('\n', from);
  const carriageReturn = text.indexOf('\r', from);
  if (lineFeed === -1) return carriageReturn;
  return carriageReturn === -1 ? lineFeed : Math.min(lineFeed, carriageReturn);
}
