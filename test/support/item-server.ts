import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LoopbackServer } from './loopback-server.ts';

/** A request as the server saw it; ids in paths are written `:id`. */
export interface SeenRequest {
  line: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/**
 * A small REST server with a collection: `POST /login` gives a key, which everything below `/items` wants in `x-key`;
 * `POST /items` makes one (its id in the body and its path, without the slash, in `location`), `GET` and `DELETE /items/ID` want one that is
 * there. It keeps what it saw, to check a load generator's figures against.
 */
export class ItemServer extends LoopbackServer {
  readonly seen: SeenRequest[] = [];
  readonly #items = new Map<string, unknown>();
  #made = 0;

  static start(): Promise<ItemServer> {
    return new ItemServer().listen();
  }

  /** How often each request line was seen. */
  get counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { line } of this.seen) counts[line] = (counts[line] ?? 0) + 1;
    return counts;
  }

  /** Items that are left. */
  get left(): number {
    return this.#items.size;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const path = request.url ?? '';
    const id = /^\/items\/(.+)$/.exec(path)?.[1];
    const line = `${request.method} ${id === undefined ? path : '/items/:id'}`;
    this.seen.push({ line, headers: request.headers, body });
    const send = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value));
    };
    if (line === 'POST /login') return send(200, { key: 'secret-1', user: { id: 42 } });
    if (path.startsWith('/items') && request.headers['x-key'] !== 'secret-1')
      return send(401, { error: 'who?' });
    if (line === 'POST /items') {
      const made = `item-${(this.#made += 1)}`;
      this.#items.set(made, body);
      return send(201, { id: made }, { location: `items/${made}` });
    }
    if (id === undefined || !this.#items.has(id)) return send(404, { error: 'no such thing' });
    if (request.method === 'DELETE') this.#items.delete(id);
    return send(200, { id, kind: 'item' });
  }
}
