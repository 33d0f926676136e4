/** One event of a stream of Server-Sent Events. */
export interface ServerEvent {
  id: string;
  type: string;
  data: string;
}

/** Reads `GET url` as a browser's EventSource would, without its reconnecting. */
export class EventReader implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #events: AsyncGenerator<ServerEvent>;
  readonly response: Promise<Response>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.response = fetch(url, { headers, signal: this.#abort.signal });
    this.#events = this.#read();
  }

  /** The next event of this type, or of any but heartbeats; others before it are passed over. Throws when the stream has ended. */
  async next(type?: string): Promise<ServerEvent> {
    for (;;) {
      const { value, done } = await this.#events.next();
      if (done === true) throw new Error(`the stream ended without '${type ?? 'another event'}'`);
      if (type === undefined ? value.type !== 'heartbeat' : value.type === type) return value;
    }
  }

  async *#read(): AsyncGenerator<ServerEvent> {
    const { body } = await this.response;
    let text = '';
    let id = '';
    const decoder = new TextDecoder();
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(block.split('\n').map((line): [string, string] => fieldOf(line)));
        id = fields.get('id') ?? id;
        const data = fields.get('data');
        if (data !== undefined) yield { id, type: fields.get('event') ?? 'message', data };
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.response.catch(() => undefined);
  }
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(': ');
  return [line.slice(0, at), line.slice(at + 2)];
}
