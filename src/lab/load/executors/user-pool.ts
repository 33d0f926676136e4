import { ClosedUser } from './closed-user.ts';
import type { ClosedUserOptions } from './closed-user.ts';
import type { ExecutorContext } from './executor.ts';

export interface UserPoolOptions extends ExecutorContext, ClosedUserOptions {
  /** A user has ended, by itself or because it was told to. */
  onUserEnd(): void;
  /** A fault of ours; what goes wrong at the target is a figure. */
  onFault(error: unknown): void;
}

/** The users of the closed model that run now. */
export class UserPool {
  readonly #options: UserPoolOptions;
  /** Users that go on; one that was told to stop is no longer among them, though its run may still be. */
  readonly #active = new Set<ClosedUser>();
  readonly #runs = new Set<Promise<void>>();

  constructor(options: UserPoolOptions) {
    this.#options = options;
  }

  /** Those that go on. */
  get size(): number {
    return this.#active.size;
  }

  /** Whether none runs any more, not even one that was told to stop. */
  get idle(): boolean {
    return this.#runs.size === 0;
  }

  /** `plannedMs` is on the clock of performance.now. */
  start(plannedMs: number): void {
    const user = new ClosedUser(this.#options.createUser(), this.#options);
    this.#active.add(user);
    const run = user
      .run(plannedMs)
      .catch((error: unknown) => this.#options.onFault(error))
      .finally(() => {
        this.#active.delete(user);
        this.#runs.delete(run);
        this.#options.onUserEnd();
      });
    this.#runs.add(run);
  }

  /** Tells the newest users to stop, each after its request in flight. */
  stop(count: number): void {
    if (count <= 0) return;
    for (const user of [...this.#active].slice(-count)) {
      this.#active.delete(user);
      user.stop();
    }
  }
}
