import { messageOf } from '../../shared/errors.ts';

/** What went wrong outside of requests, `count` times by this message. */
export interface CountedException {
  message: string;
  /** Of the first one; empty where there is none. */
  traceback: string;
  count: number;
}

const otherMessage = 'other exceptions';
const maxMessageLength = 1_000;
const maxTracebackLength = 4_000;

/** Counts exceptions by their message; beyond `maxKept` different ones the others are counted together. */
export class ExceptionCounter {
  readonly #maxKept: number;
  #byMessage = new Map<string, CountedException>();

  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  add({ message, traceback, count }: CountedException): void {
    this.#count(message, () => traceback, count);
  }

  addError(error: unknown): void {
    this.#count(messageOf(error), () => (error instanceof Error ? (error.stack ?? '') : ''), 1);
  }

  /** The oldest first. */
  get list(): CountedException[] {
    return [...this.#byMessage.values()];
  }

  /** Gives what was counted since the last time, and begins anew. */
  take(): CountedException[] {
    const { list } = this;
    if (list.length > 0) this.#byMessage = new Map();
    return list;
  }

  /** A traceback costs more than the rest: it is made for what is kept only. */
  #count(fullMessage: string, tracebackOf: () => string, count: number): void {
    const message = fullMessage.slice(0, maxMessageLength);
    const isKept = this.#byMessage.has(message) || this.#byMessage.size < this.#maxKept;
    const key = isKept ? message : otherMessage;
    const known = this.#byMessage.get(key);
    if (known !== undefined) known.count += count;
    else {
      const traceback = isKept ? tracebackOf().slice(0, maxTracebackLength) : '';
      this.#byMessage.set(key, { message: key, traceback, count });
    }
  }
}
