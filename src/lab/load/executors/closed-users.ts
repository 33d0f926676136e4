import { ownCount, placeAmongAll } from '../process-share.ts';
import type { Executor, ExecutorContext } from './executor.ts';
import { PacedStarts } from './paced-starts.ts';
import { UserPool } from './user-pool.ts';

export interface ClosedUsersOptions extends ExecutorContext {
  /** Tasks after which a user ends; Infinity for users that go on. */
  iterations: number;
}

/** The closed model: each user begins its next task when the last one has ended and it has waited. */
export class ClosedUsers implements Executor {
  readonly #options: ClosedUsersOptions;
  readonly #pool: UserPool;
  readonly #ended = Promise.withResolvers<void>();
  #ramp: PacedStarts | undefined;
  #ramped = false;
  #stopped = false;

  constructor(options: ClosedUsersOptions) {
    this.#options = options;
    this.#pool = new UserPool({
      ...options,
      onUserEnd: () => this.#endWhenRunOut(),
      onFault: (error) => this.#ended.reject(error),
    });
  }

  get users(): number {
    return this.#pool.size;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** The surplus is stopped at once. */
  setUsers(users: number, spawnRate: number): void {
    if (this.#stopped) return;
    this.#ramp?.cancel();
    this.#ramped = false;
    const { share } = this.#options;
    const surplus = this.#pool.size - ownCount(users, share);
    this.#pool.stop(surplus);
    this.#ramp = new PacedStarts({
      dueMs: (index) => (index < -surplus ? (placeAmongAll(index, share) * 1000) / spawnRate : undefined),
      start: (plannedMs) => this.#pool.start(plannedMs),
      onEnd: () => {
        this.#ramped = true;
        void this.#options.onRamped();
        this.#endWhenRunOut();
      },
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#ramp?.cancel();
    this.#pool.stop(this.#pool.size);
    this.#endWhenRunOut();
  }

  #endWhenRunOut(): void {
    const ranOut = this.#options.iterations !== Infinity && this.#ramped;
    if (this.#pool.idle && (this.#stopped || ranOut)) this.#ended.resolve();
  }
}
