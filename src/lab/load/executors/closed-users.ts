import type { LoadUser } from '../load-user.ts';
import { waitMsOf } from '../waits.ts';
import type { WindowRecorder } from '../window-recorder.ts';
import type { Executor, ExecutorContext } from './executor.ts';
import { PacedStarts } from './paced-starts.ts';

/** How long a user that got no session waits at least before it tries again, as a client backs off. */
const reconnectDelayMs = 1_000;

export interface ClosedUsersOptions extends ExecutorContext {
  /** Tasks after which a user ends; Infinity for users that go on. */
  iterations: number;
}

/** The closed model: each user begins its next task when the last one has ended and it has waited. */
export class ClosedUsers implements Executor {
  readonly #options: ClosedUsersOptions;
  /** Users that go on; one that was told to stop is no longer among them, though its run may still be. */
  readonly #active = new Set<ClosedUser>();
  readonly #runs = new Set<Promise<void>>();
  readonly #ended = Promise.withResolvers<void>();
  #ramp: PacedStarts | undefined;
  #ramped = false;
  #stopped = false;

  constructor(options: ClosedUsersOptions) {
    this.#options = options;
  }

  get users(): number {
    return this.#active.size;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The surplus is stopped at once. */
  setUsers(users: number, spawnRate: number): void {
    if (this.#stopped) return;
    this.#ramp?.cancel();
    this.#ramped = false;
    const surplus = this.#active.size - users;
    if (surplus > 0) for (const user of [...this.#active].slice(-surplus)) this.#stopUser(user);
    this.#ramp = new PacedStarts({
      dueMs: (index) => (index < -surplus ? (index * 1000) / spawnRate : undefined),
      start: (plannedMs) => this.#spawn(plannedMs),
      onEnd: () => {
        this.#ramped = true;
        this.#options.onRamped();
      },
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#ramp?.cancel();
    for (const user of this.#active) this.#stopUser(user);
    this.#endWhenRunOut();
  }

  #spawn(plannedMs: number): void {
    const user = new ClosedUser(this.#options.createUser(), this.#options);
    this.#active.add(user);
    const run = user
      .run(plannedMs)
      .catch((error: unknown) => this.#ended.reject(error))
      .finally(() => {
        this.#active.delete(user);
        this.#runs.delete(run);
        this.#endWhenRunOut();
      });
    this.#runs.add(run);
  }

  #stopUser(user: ClosedUser): void {
    this.#active.delete(user);
    user.stop();
  }

  #endWhenRunOut(): void {
    const ranOut = this.#options.iterations !== Infinity && this.#ramped;
    if (this.#runs.size === 0 && (this.#stopped || ranOut)) this.#ended.resolve();
  }
}

/** A user's own loop: a session, then one task at a time with a wait before each. */
class ClosedUser {
  readonly #user: LoadUser;
  readonly #recorder: WindowRecorder;
  readonly #iterations: number;
  #lastStartMs: number | undefined;
  #wake: (() => void) | undefined;

  constructor(user: LoadUser, { recorder, iterations }: ClosedUsersOptions) {
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
