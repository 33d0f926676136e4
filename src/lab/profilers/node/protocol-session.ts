import { GaugewayError } from '../../../shared/errors.ts';

/** Where a profile says that code of the lab itself ran in the process. */
export const labSource = 'gaugeway:profiler';
const replyTimeoutMs = 4000;

interface Pending {
  resolve: (result: Record<string, unknown>) => void;
  reject: (error: GaugewayError) => void;
  timer: NodeJS.Timeout;
}

/**
 * One conversation in the Chrome DevTools Protocol, with the main thread of a process or with a worker. Requests that
 * are not answered in time, four seconds by default, or whose session ends, reject with GaugewayError source_unreadable.
 */
export abstract class ProtocolSession {
  readonly #pending = new Map<number, Pending>();
  /** By the event's name: who wants it. */
  readonly #listeners = new Map<string, (params: Record<string, unknown>) => void>();
  #lastId = 0;

  /** It has ended, and every request is refused. */
  abstract get lost(): boolean;

  protected abstract transmit(message: string): void;

  /** `timeoutMs` is for what stops the process for long, e.g. a heap snapshot. */
  async send(
    method: string,
    params: Record<string, unknown> = {},
    timeoutMs = replyTimeoutMs,
  ): Promise<Record<string, unknown>> {
    if (this.lost) throw sessionEnded();
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(id)?.reject(
          new GaugewayError('source_unreadable', `${method}: no answer within ${timeoutMs / 1000} s`),
        );
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.transmit(JSON.stringify({ id, method, params }));
    });
  }

  /** Runs `expression` in the thread and gives its value as JSON. The expression itself must not throw. */
  async evaluate(expression: string, timeoutMs = replyTimeoutMs): Promise<unknown> {
    const params = {
      expression: `${expression}\n//# sourceURL=${labSource}`,
      returnByValue: true,
      silent: true,
    };
    const reply = await this.send('Runtime.evaluate', params, timeoutMs);
    const { result, exceptionDetails } = reply;
    if (exceptionDetails !== undefined) {
      throw new GaugewayError('source_unreadable', 'the process could not evaluate what was injected', {
        data: { exceptionDetails },
      });
    }
    return isRecord(result) ? result['value'] : undefined;
  }

  /**
   * Leaves `expression` to be run, without an answer: a thread that is blocked runs it when it comes back, also when
   * this session has ended by then.
   */
  leave(expression: string): void {
    if (this.lost) return;
    const params = { expression, returnByValue: true, silent: true };
    this.transmit(JSON.stringify({ id: (this.#lastId += 1), method: 'Runtime.evaluate', params }));
  }

  /** One listener an event; a later one takes the place of the earlier. */
  on(event: string, listener: (params: Record<string, unknown>) => void): void {
    this.#listeners.set(event, listener);
  }

  protected listensTo(event: string): boolean {
    return this.#listeners.has(event);
  }

  /** Takes a message of the other side. */
  protected receive({ id, method, params, error, result }: Record<string, unknown>): void {
    if (typeof method === 'string') this.#listeners.get(method)?.(isRecord(params) ? params : {});
    if (typeof id !== 'number') return;
    const pending = this.#settle(id);
    if (isRecord(error)) {
      pending?.reject(new GaugewayError('source_unreadable', `inspector: ${String(error['message'])}`));
    } else {
      pending?.resolve(isRecord(result) ? result : {});
    }
  }

  /** Refuses all that is still waited for. */
  protected rejectPending(): void {
    for (const id of this.#pending.keys()) this.#settle(id)?.reject(sessionEnded());
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    return pending;
  }
}

function sessionEnded(): GaugewayError {
  return new GaugewayError('source_unreadable', 'the inspector connection ended');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A message as an object; undefined for what no inspector sends. */
export function parseProtocolMessage(data: unknown): Record<string, unknown> | undefined {
  try {
    const message: unknown = JSON.parse(String(data));
    return isRecord(message) ? message : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
