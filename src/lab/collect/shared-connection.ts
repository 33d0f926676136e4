import { nowMs } from '../../shared/clock.ts';
import { GaugewayError } from '../../shared/errors.ts';

/** A connection to something that is watched. `lost` turns true when it can no longer be used. */
export interface Connection {
  readonly lost: boolean;
  /** Leaves the other side as it was found. */
  close(): Promise<void>;
}

const firstBackoffMs = 1000;
const maxBackoffMs = 15_000;

/**
 * One connection that several collectors use: opened by the first, closed by the last, and opened again with
 * exponential backoff (1 s to 15 s) after it was lost. An error whose code is not retryable ends the attempts.
 */
export class SharedConnection<C extends Connection> {
  readonly #connect: (signal: AbortSignal) => Promise<C>;
  readonly #users = new Set<object>();
  readonly #closed = new AbortController();
  #current: C | undefined;
  #connecting: Promise<C> | undefined;
  #failures = 0;
  #retryAtMs = 0;

  constructor(connect: (signal: AbortSignal) => Promise<C>) {
    this.#connect = connect;
  }

  /** Registers `user` and connects; rejects when that fails. */
  async open(user: object, signal: AbortSignal): Promise<C> {
    this.#users.add(user);
    return this.#establish(AbortSignal.any([signal, this.#closed.signal]));
  }

  /**
   * The connection, made again when it was lost. Undefined while the next attempt is not due (that failure was
   * already told); rejects when an attempt fails.
   */
  async get(): Promise<C | undefined> {
    if (this.#current?.lost === false) return this.#current;
    if (this.#closed.signal.aborted || nowMs() < this.#retryAtMs) return undefined;
    return this.#establish(this.#closed.signal);
  }

  /** Removes `user`; the last one closes the connection, and one that is being made in the place of a lost one. */
  async close(user: object): Promise<void> {
    if (!this.#users.delete(user) || this.#users.size > 0) return;
    this.#closed.abort();
    const current = this.#current;
    const made = this.#connecting?.catch(() => undefined);
    await Promise.all([current?.close(), made?.then((connection) => connection?.close())]);
    this.#current = undefined;
  }

  async #establish(signal: AbortSignal): Promise<C> {
    if (this.#current?.lost === false) return this.#current;
    this.#connecting ??= this.#attempt(signal).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #attempt(signal: AbortSignal): Promise<C> {
    try {
      const connection = await this.#connect(signal);
      this.#current = connection;
      this.#failures = 0;
      return connection;
    } catch (error) {
      const hopeless = error instanceof GaugewayError && !error.spec.retryable;
      const backoffMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** this.#failures);
      this.#failures += 1;
      this.#retryAtMs = hopeless ? Infinity : nowMs() + backoffMs;
      throw error;
    }
  }
}
