/** Something that may take only so long. The links are the list's own. */
export interface Timed {
  /** On the clock of performance.now. */
  deadlineMs: number;
  previous: Timed | undefined;
  next: Timed | undefined;
  onDeadline(): void;
}

/**
 * The deadlines of everything that is under way, all equally far off, with one timer for all of them: a timer per
 * request costs more than the rest of its bookkeeping. They are kept in the order in which they began.
 */
export class DeadlineList {
  readonly #afterMs: number;
  #first: Timed | undefined;
  #last: Timed | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  add(timed: Timed): void {
    timed.deadlineMs = performance.now() + this.#afterMs;
    timed.previous = this.#last;
    if (this.#last === undefined) this.#first = timed;
    else this.#last.next = timed;
    this.#last = timed;
    // A timer that is left over from one that has ended since looks again for what is due when it fires.
    this.#timer ??= setTimeout(this.#expire, this.#afterMs);
  }

  /** It has ended in time. Once only, and only for what is in the list. */
  remove(timed: Timed): void {
    const { previous, next } = timed;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    timed.previous = undefined;
    timed.next = undefined;
  }

  /** Lets the process end; nothing is told. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #expire = (): void => {
    const nowMs = performance.now();
    for (;;) {
      const first = this.#first;
      if (first === undefined) {
        this.#timer = undefined;
        return;
      }
      if (first.deadlineMs > nowMs) {
        // Timers are kept in whole milliseconds and may fire a fraction before the moment itself.
        this.#timer = setTimeout(this.#expire, Math.ceil(first.deadlineMs - nowMs));
        return;
      }
      this.remove(first);
      first.onDeadline();
    }
  };
}
