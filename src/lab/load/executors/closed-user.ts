import type { LoadUser } from '../load-user.ts';
import { waitMsOf } from '../waits.ts';
import type { WindowRecorder } from '../window-recorder.ts';

/** How long a user that got no session waits at least before it tries again, as a client backs off. */
const reconnectDelayMs = 1_000;

export interface ClosedUserOptions {
  recorder: WindowRecorder;
  /** Tasks after which a user ends; Infinity for users that go on. */
  iterations: number;
}

/** A user's own loop: a session, then one task at a time with a wait before each. */
export class ClosedUser {
  readonly #user: LoadUser;
  readonly #recorder: WindowRecorder;
  readonly #iterations: number;
  #lastStartMs: number | undefined;
  #wake: (() => void) | undefined;

  constructor(user: LoadUser, { recorder, iterations }: ClosedUserOptions) {
    this.#user = user;
    this.#recorder = recorder;
    this.#iterations = iterations;
  }

  /** Runs from its planned start (performance.now) until it is stopped or its iterations are done. */
  async run(plannedMs: number): Promise<void> {
    const user = this.#user;
    let startMs = plannedMs;
    this.#recorder.planned(performance.now() - plannedMs);
    for (let done = 0; !user.stopped && done < this.#iterations;) {
      if (!user.isReady && !(await user.open(startMs))) {
        startMs = await this.#pause(reconnectDelayMs);
        continue;
      }
      startMs = await this.#pause(0);
      if (user.stopped) break;
      this.#lastStartMs = startMs;
      done += 1;
      await user.perform(startMs);
    }
    await user.close();
  }

  /** Ends after the request in flight; a pause ends at once. */
  stop(): void {
    this.#user.stop();
    this.#wake?.();
  }

  /** Waits, at least for `minMs`; resolves to the moment at which the pause was meant to end. */
  #pause(minMs: number): Promise<number> {
    const nowMs = performance.now();
    const pauseMs = Math.max(minMs, waitMsOf(this.#user.wait, this.#user.random, nowMs, this.#lastStartMs));
    if (this.#user.stopped || pauseMs === 0) return Promise.resolve(nowMs);
    const endMs = nowMs + pauseMs;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        // Timers are kept in whole milliseconds and may fire a fraction before the moment itself.
        this.#recorder.planned(Math.max(0, performance.now() - endMs));
        done();
      }, pauseMs);
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(Math.min(endMs, performance.now()));
      };
      this.#wake = done;
    });
  }
}
