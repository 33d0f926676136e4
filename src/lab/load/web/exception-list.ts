import { messageOf } from '../../../shared/errors.ts';
import type { LocustException } from './locust-answers.ts';

/** Distinct messages that are kept; more of them are counted together. */
const maxKept = 200;
const otherMessage = 'other exceptions';

/** What went wrong outside of requests, counted by its message. */
export class ExceptionList {
  readonly #byMessage = new Map<string, LocustException>();

  add({ message, traceback }: { message: string; traceback: string }): void {
    const isKept = this.#byMessage.has(message) || this.#byMessage.size < maxKept;
    const msg = isKept ? message : otherMessage;
    const known = this.#byMessage.get(msg);
    if (known !== undefined) known.count += 1;
    else this.#byMessage.set(msg, { count: 1, msg, traceback: isKept ? traceback : '', nodes: 'local' });
  }

  /** What ended a load by itself. */
  addError(error: unknown): void {
    this.add({ message: messageOf(error), traceback: error instanceof Error ? (error.stack ?? '') : '' });
  }

  clear(): void {
    this.#byMessage.clear();
  }

  /** The oldest first. */
  get list(): LocustException[] {
    return [...this.#byMessage.values()];
  }
}
