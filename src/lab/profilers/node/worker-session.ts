import { basename } from 'node:path';
import type { ProtocolSession as MainSession } from './protocol-session.ts';
import { parseProtocolMessage, ProtocolSession } from './protocol-session.ts';

/** The session with one worker thread, which runs through that of the main thread. */
export class WorkerSession extends ProtocolSession {
  /** E.g. `worker 1 (resize.js)`. */
  readonly thread: string;
  readonly #main: MainSession;
  readonly #sessionId: string;
  #ended = false;

  constructor(main: MainSession, sessionId: string, thread: string) {
    super();
    this.#main = main;
    this.#sessionId = sessionId;
    this.thread = thread;
  }

  get lost(): boolean {
    return this.#ended || this.#main.lost;
  }

  end(): void {
    this.#ended = true;
    this.rejectPending();
  }

  take(text: unknown): void {
    const message = parseProtocolMessage(text);
    if (message !== undefined) this.receive(message);
  }

  protected transmit(message: string): void {
    const params = { sessionId: this.#sessionId, message };
    // A worker that has ended between two messages is known by its own event only a moment later.
    this.#main.send('NodeWorker.sendMessageToWorker', params).catch(() => this.end());
  }
}

export interface WorkerEvents {
  started: (worker: WorkerSession) => void;
  ended: (worker: WorkerSession) => void;
}

/**
 * Tells of the workers of a process, those that run already among them, also of workers that workers started. None of
 * them waits for us. Ended by `NodeWorker.disable`.
 */
export async function watchWorkers(main: MainSession, { started, ended }: WorkerEvents): Promise<void> {
  const workers = new Map<string, WorkerSession>();
  main.on('NodeWorker.attachedToWorker', ({ sessionId, workerInfo }) => {
    const worker = new WorkerSession(main, String(sessionId), threadName(workerInfo));
    workers.set(String(sessionId), worker);
    started(worker);
  });
  main.on('NodeWorker.receivedMessageFromWorker', ({ sessionId, message }) => {
    workers.get(String(sessionId))?.take(message);
  });
  main.on('NodeWorker.detachedFromWorker', ({ sessionId }) => {
    const worker = workers.get(String(sessionId));
    workers.delete(String(sessionId));
    if (worker === undefined) return;
    worker.end();
    ended(worker);
  });
  await main.send('NodeWorker.enable', { waitForDebuggerOnStart: false });
}

function threadName(info: unknown): string {
  const text = (name: string): string =>
    typeof info === 'object' && info !== null ? String(Reflect.get(info, name) ?? '') : '';
  const number = /\[worker (\d+)\]/.exec(text('title'))?.[1] ?? text('workerId');
  const file = basename(text('url'));
  return file === '' ? `worker ${number}` : `worker ${number} (${file})`;
}
