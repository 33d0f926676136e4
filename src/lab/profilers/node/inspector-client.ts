import { GaugewayError } from '../../../shared/errors.ts';

const replyTimeoutMs = 4000;

interface Pending {
  resolve: (result: Record<string, unknown>) => void;
  reject: (error: GaugewayError) => void;
  timer: NodeJS.Timeout;
}

/**
 * A Chrome DevTools Protocol connection to one Node process. Requests that are not answered, or whose connection
 * ends, reject with GaugewayError source_unreadable.
 */
export class InspectorClient {
  readonly #socket: WebSocket;
  readonly #ended: Promise<void>;
  readonly #pending = new Map<number, Pending>();
  /** By the event's name: who wants it. */
  readonly #listeners = new Map<string, (params: Record<string, unknown>) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#receive(data));
    this.#ended = new Promise((resolve) => {
      socket.addEventListener('close', () => {
        for (const id of this.#pending.keys()) {
          this.#settle(id)?.reject(new GaugewayError('source_unreadable', 'the inspector connection ended'));
        }
        resolve();
      });
    });
  }

  /** Connects to `webSocketDebuggerUrl` of an inspector; rejects after four seconds without an answer. */
  static async connect(url: string): Promise<InspectorClient> {
    const socket = new WebSocket(url);
    try {
      await opened(socket, AbortSignal.timeout(replyTimeoutMs));
      const client = new InspectorClient(socket);
      // A process that wants to exit would wait for its debugger to leave; told so, this one leaves at once.
      await client.send('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
      return client;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  get lost(): boolean {
    return this.#socket.readyState !== WebSocket.OPEN;
  }

  async send(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    if (this.lost) throw new GaugewayError('source_unreadable', 'the inspector connection ended');
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(id)?.reject(
          new GaugewayError('source_unreadable', `${method}: no answer within ${replyTimeoutMs / 1000} s`),
        );
      }, replyTimeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Runs `expression` in the process and gives its value as JSON. The expression itself must not throw. */
  async evaluate(expression: string): Promise<unknown> {
    const reply = await this.send('Runtime.evaluate', { expression, returnByValue: true, silent: true });
    const { result, exceptionDetails } = reply;
    if (exceptionDetails !== undefined) {
      throw new GaugewayError('source_unreadable', 'the process could not evaluate what was injected', {
        data: { exceptionDetails },
      });
    }
    return isRecord(result) ? result['value'] : undefined;
  }

  /** One listener an event; a later one takes the place of the earlier. */
  on(event: string, listener: (params: Record<string, unknown>) => void): void {
    this.#listeners.set(event, listener);
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#ended;
  }

  #receive(data: unknown): void {
    const message = parseMessage(data);
    if (message === undefined) return this.#socket.close();
    const { id, method, params, error, result } = message;
    if (method === 'NodeRuntime.waitingForDisconnect') this.#socket.close();
    if (typeof method === 'string') this.#listeners.get(method)?.(isRecord(params) ? params : {});
    if (typeof id !== 'number') return;
    const pending = this.#settle(id);
    if (isRecord(error)) {
      pending?.reject(new GaugewayError('source_unreadable', `inspector: ${String(error['message'])}`));
    } else {
      pending?.resolve(isRecord(result) ? result : {});
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }
}

function opened(socket: WebSocket, timeout: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new GaugewayError('source_unreadable', `no answer from ${socket.url}`));
    timeout.addEventListener('abort', fail, { once: true });
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', fail, { once: true });
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined for what no inspector sends: then something else answers on this port. */
function parseMessage(data: unknown): Record<string, unknown> | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    return isRecord(message) ? message : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
