import { type Dispatcher, WebSocket } from 'undici';
import { GaugewayError } from '../../../shared/errors.ts';
import { parseProtocolMessage, ProtocolSession } from './protocol-session.ts';

/** The process wants to exit, and waits for its sessions to leave. */
export const exitEvent = 'NodeRuntime.waitingForDisconnect';
const openTimeoutMs = 4000;

/** The connection to the inspector of one Node process, and the session with its main thread. */
export class InspectorClient extends ProtocolSession {
  readonly #socket: WebSocket;
  readonly #ended: Promise<void>;

  private constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(data));
    this.#ended = new Promise((resolve) => {
      socket.addEventListener('close', () => {
        this.rejectPending();
        resolve();
      });
    });
  }

  /**
   * Connects to `webSocketDebuggerUrl` of an inspector, by way of `dispatcher`. Rejects after four seconds without an
   * answer of the inspector; the main thread of the process need not answer yet.
   */
  static async connect(url: string, dispatcher: Dispatcher): Promise<InspectorClient> {
    const socket = new WebSocket(url, { dispatcher });
    try {
      await opened(socket, AbortSignal.timeout(openTimeoutMs));
      return new InspectorClient(socket);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /** A process that wants to exit would wait for its debugger to leave; told so, this one leaves at once. */
  async leaveOnExit(): Promise<void> {
    await this.send('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true });
  }

  get lost(): boolean {
    return this.#socket.readyState !== WebSocket.OPEN;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.#ended;
  }

  protected transmit(message: string): void {
    this.#socket.send(message);
  }

  #take(data: unknown): void {
    const message = parseProtocolMessage(data);
    // Then something else answers on this port.
    if (message === undefined) return this.#socket.close();
    // Who listens to that has something to take first, and closes.
    if (message['method'] === exitEvent && !this.listensTo(exitEvent)) this.#socket.close();
    this.receive(message);
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
