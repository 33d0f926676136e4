import { scheduleMs } from './arrival-schedule.ts';
import type { Executor, ExecutorContext } from './executor.ts';
import { PacedStarts } from './paced-starts.ts';
import { userChanges } from './user-stages.ts';
import type { UserStage } from './user-stages.ts';
import { UserPool } from './user-pool.ts';

export interface StagedUsersOptions extends ExecutorContext {
  plan: { kind: 'staged-users'; stages: readonly UserStage[] };
}

/**
 * The closed model with a number of users that follows stages by the clock, and ends with the last of them. No stage is
 * skipped, however busy the generator is: a change that is late is made at once.
 */
export class StagedUsers implements Executor {
  readonly #options: StagedUsersOptions;
  readonly #pool: UserPool;
  readonly #ended = Promise.withResolvers<void>();
  #changes: PacedStarts | undefined;
  #begun = false;
  #stopped = false;

  constructor(options: StagedUsersOptions) {
    this.#options = options;
    this.#pool = new UserPool({
      ...options,
      iterations: Infinity,
      onUserEnd: () => this.#endWhenStopped(),
      onFault: (error) => this.#ended.reject(error),
    });
  }

  get users(): number {
    return this.#pool.size;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Begins, whatever the numbers: those of the stages hold. Once it has begun it changes nothing, and tells nothing. */
  setUsers(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#options.onRamped().then(
      (beginMs) => this.#begin(beginMs),
      (error: unknown) => this.#ended.reject(error),
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#changes?.cancel();
    this.#pool.stop(this.#pool.size);
    this.#endWhenStopped();
  }

  #begin(beginMs: number): void {
    if (this.#stopped) return;
    const { plan, share } = this.#options;
    const changes = userChanges(plan.stages, share);
    const endMs = scheduleMs(plan);
    let next = changes.next();
    let asked = 0;
    this.#changes = new PacedStarts({
      beginMs,
      dueMs: (index) => {
        if (index > asked) {
          asked = index;
          if (next.done === true) return undefined;
          next = changes.next();
        }
        return next.done === true ? endMs : next.value.atMs;
      },
      start: (plannedMs) => {
        if (next.done === true) return;
        if (next.value.by === 1) this.#pool.start(plannedMs);
        else this.#pool.stop(1);
      },
      onEnd: () => this.stop(),
    });
  }

  #endWhenStopped(): void {
    if (this.#stopped && this.#pool.idle) this.#ended.resolve();
  }
}
