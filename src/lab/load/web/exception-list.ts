import { ExceptionCounter } from '../exception-counter.ts';
import type { CountedException } from '../exception-counter.ts';
import type { LocustException } from './locust-answers.ts';

/** Distinct messages that are kept; more of them are counted together. */
const maxKept = 200;

/** What went wrong outside of requests, counted by its message, as Locust tells it. */
export class ExceptionList {
  readonly #counter = new ExceptionCounter(maxKept);

  add(exception: CountedException): void {
    this.#counter.add(exception);
  }

  /** What ended a load by itself. */
  addError(error: unknown): void {
    this.#counter.addError(error);
  }

  clear(): void {
    this.#counter.take();
  }

  /** The oldest first. */
  get list(): LocustException[] {
    return this.#counter.list.map(({ message, traceback, count }) => ({
      count,
      msg: message,
      traceback,
      nodes: 'local',
    }));
  }
}
