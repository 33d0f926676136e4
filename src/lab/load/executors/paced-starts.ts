/** Longest time between two looks at the clock, in milliseconds. */
const maxTickMs = 50;

export interface PacedStartsOptions {
  /** On the clock of performance.now; now by default. */
  beginMs?: number;
  /** When the start with this index is due, in milliseconds from the beginning; undefined after the last. */
  dueMs(index: number): number | undefined;
  /** `plannedMs` is on the clock of performance.now. */
  start(plannedMs: number): void;
  /** After the last start. */
  onEnd(): void;
}

/** Starts one thing after the other by the clock. What is due when it looks starts at once, however late it is. */
export class PacedStarts {
  readonly #options: PacedStartsOptions;
  readonly #beginMs: number;
  #timer: NodeJS.Timeout | undefined;
  #begun = 0;

  constructor(options: PacedStartsOptions) {
    this.#options = options;
    this.#beginMs = options.beginMs ?? performance.now();
    this.#tick();
  }

  /** Nothing starts any more, and the end is not told. */
  cancel(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    for (;;) {
      const dueMs = this.#options.dueMs(this.#begun);
      if (dueMs === undefined) return this.#options.onEnd();
      const plannedMs = this.#beginMs + dueMs;
      if (plannedMs > now) {
        const waitMs = plannedMs - performance.now();
        this.#timer = setTimeout(() => this.#tick(), Math.min(Math.max(waitMs, 1), maxTickMs));
        return;
      }
      this.#begun += 1;
      this.#options.start(plannedMs);
    }
  }
}
