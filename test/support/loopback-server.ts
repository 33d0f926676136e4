import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** An HTTP server of a test on loopback. Disposing of it cuts its connections; a second time does nothing. */
export abstract class LoopbackServer implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.answer(request, response).catch((error: unknown) =>
      response.destroy(new Error('fixture', { cause: error })),
    );
  });

  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void>;

  /** On a free port, or on this one. */
  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}
