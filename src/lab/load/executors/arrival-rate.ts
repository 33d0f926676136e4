import type { LoadUser } from '../load-user.ts';
import { ownCount, placeAmongAll } from '../process-share.ts';
import { arrivalSchedule } from './arrival-schedule.ts';
import type { ArrivalPlan } from './arrival-schedule.ts';
import type { Executor, ExecutorContext } from './executor.ts';
import { PacedStarts } from './paced-starts.ts';

export interface ArrivalRateOptions extends ExecutorContext {
  plan: ArrivalPlan & { maxUsers: number };
}

/**
 * The open model: tasks arrive by the clock, whether or not earlier ones have been answered, as those of independent
 * clients do. The users asked for open their sessions first; then each arrival takes an idle user, or a further one
 * up to `maxUsers`, or is dropped and counted. A user that has no session opens one, and its task waits for that.
 */
export class ArrivalRate implements Executor {
  readonly #options: ArrivalRateOptions;
  readonly #users = new Set<LoadUser>();
  readonly #idle: LoadUser[] = [];
  readonly #busy = new Set<Promise<void>>();
  readonly #ended = Promise.withResolvers<void>();
  #ramp: PacedStarts | undefined;
  #arrivals: PacedStarts | undefined;
  #ending = false;

  constructor(options: ArrivalRateOptions) {
    this.#options = options;
  }

  get users(): number {
    return this.#users.size;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Fewer users close idle ones only: an arrival may always take a further one. */
  setUsers(users: number, spawnRate: number): void {
    if (this.#ending) return;
    this.#ramp?.cancel();
    const { share } = this.#options;
    const surplus = this.#users.size - ownCount(users, share);
    if (surplus > 0) for (const user of this.#idle.splice(0, surplus)) void this.#run(this.#leave(user));
    const opening: Promise<void>[] = [];
    this.#ramp = new PacedStarts({
      dueMs: (index) => (index < -surplus ? (placeAmongAll(index, share) * 1000) / spawnRate : undefined),
      start: (plannedMs) => {
        this.#options.recorder.planned(performance.now() - plannedMs);
        opening.push(this.#run(this.#prepare(this.#addUser(), plannedMs)));
      },
      onEnd: () => void Promise.all(opening).then(() => this.#ramped()),
    });
  }

  stop(): void {
    for (const user of this.#users) user.stop();
    this.#end();
  }

  /** Arrivals that are under way go on to their end. */
  #end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#ramp?.cancel();
    this.#arrivals?.cancel();
    for (const user of this.#idle.splice(0)) void this.#run(this.#leave(user));
    if (this.#busy.size === 0) this.#ended.resolve();
  }

  async #ramped(): Promise<void> {
    if (this.#ending) return;
    this.#beginArrivals(await this.#options.onRamped());
  }

  #beginArrivals(beginMs: number): void {
    if (this.#ending) return;
    const { plan, share } = this.#options;
    const dueMs = arrivalSchedule(plan);
    this.#arrivals ??= new PacedStarts({
      beginMs,
      dueMs: (index) => dueMs(placeAmongAll(index, share)),
      start: (plannedMs) => this.#arrive(plannedMs),
      onEnd: () => this.#end(),
    });
  }

  #arrive(plannedMs: number): void {
    const { recorder, plan, share } = this.#options;
    const mostUsers = ownCount(plan.maxUsers, share);
    const user = this.#idle.pop() ?? (this.#users.size < mostUsers ? this.#addUser() : undefined);
    if (user === undefined) return recorder.dropped();
    recorder.arrived(performance.now() - plannedMs);
    void this.#run(this.#serve(user, plannedMs));
  }

  #addUser(): LoadUser {
    const user = this.#options.createUser();
    this.#users.add(user);
    return user;
  }

  async #prepare(user: LoadUser, plannedMs: number): Promise<void> {
    await user.open(plannedMs);
    await this.#rest(user);
  }

  async #serve(user: LoadUser, plannedMs: number): Promise<void> {
    const ready = user.isReady || (await user.open(performance.now()));
    if (ready && !user.stopped) await user.perform(plannedMs);
    await this.#rest(user);
  }

  async #rest(user: LoadUser): Promise<void> {
    if (this.#ending) await this.#leave(user);
    else this.#idle.push(user);
  }

  async #leave(user: LoadUser): Promise<void> {
    await user.close();
    this.#users.delete(user);
  }

  #run(work: Promise<void>): Promise<void> {
    const run = work
      .catch((error: unknown) => this.#ended.reject(error))
      .finally(() => {
        this.#busy.delete(run);
        if (this.#ending && this.#busy.size === 0) this.#ended.resolve();
      });
    this.#busy.add(run);
    return run;
  }
}
