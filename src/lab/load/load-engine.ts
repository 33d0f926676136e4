import { discoverTasks } from './discover-tasks.ts';
import { HttpTarget } from './http-target.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import { LoadUser } from './load-user.ts';
import { McpClient } from './mcp-client.ts';
import { createWire } from './mcp-wire.ts';
import { createRandom } from './random.ts';
import { scenarios } from './scenarios/built-in.ts';
import { WindowRecorder } from './window-recorder.ts';

/** Longest time between two looks at the ramp, in milliseconds. */
const maxSpawnTickMs = 50;

/** The MCP endpoint of a target: the URL itself when it ends in `/mcp`, else `<url>/mcp`. */
function endpointOf(targetUrl: string): URL {
  const url = new URL(targetUrl);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/mcp') ? path : `${path}/mcp`;
  return url;
}

/** Runs the users of one plan in this process. */
export class LoadEngine {
  readonly recorder = new WindowRecorder();
  readonly #plan: LoadPlan;
  readonly #endpoint: URL;
  readonly #target: HttpTarget;
  readonly #onRamped: () => void;
  /** Users that go on; one that was told to stop is no longer among them, though its run may still be. */
  readonly #active = new Set<LoadUser>();
  readonly #runs = new Set<Promise<void>>();
  readonly #done = Promise.withResolvers<void>();
  #wanted: { users: number; spawnRate: number };
  #spawn: ((plannedMs: number) => void) | undefined;
  #spawnTimer: NodeJS.Timeout | undefined;
  #spawned = 0;
  #stopped = false;

  constructor(plan: LoadPlan, onRamped: () => void) {
    this.#plan = plan;
    this.#wanted = { users: plan.users, spawnRate: plan.spawnRate };
    this.#onRamped = onRamped;
    this.#endpoint = endpointOf(plan.targetUrl);
    this.#target = new HttpTarget(this.#endpoint.origin, plan.requestTimeoutMs);
  }

  get users(): number {
    return this.#active.size;
  }

  /** Resolves when every user has ended, by its iterations or by `stop`; rejects on a fault of the engine. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Learns what can be asked, then begins the ramp. */
  async start(onPlanned: (summary: LoadPlanSummary) => void): Promise<void> {
    const plan = this.#plan;
    const wire = createWire(plan.era, plan.token);
    const path = this.#endpoint.pathname + this.#endpoint.search;
    const discovered = await discoverTasks(plan, this.#target, wire, path).catch((error: unknown) => {
      if (!this.#stopped) throw error;
    });
    if (discovered === undefined || this.#stopped) return;
    const { tasks, summary } = discovered;
    onPlanned(summary);
    const listMessage = scenarios[plan.scenario].listsToolsFirst ? wire.message('tools/list') : undefined;
    this.#spawn = (plannedMs) => {
      const client = new McpClient(this.#target, wire, path, ({ name, startMs, responseBytes, failure }) => {
        if (failure === 'aborted') return;
        this.recorder.finished(name, performance.now() - startMs, responseBytes, failure);
      });
      this.#spawned += 1;
      const user = new LoadUser({
        client,
        tasks,
        recorder: this.recorder,
        random: createRandom(plan.seed, this.#spawned),
        thinkMs: plan.thinkMs,
        listMessage,
        iterations: plan.iterationsPerUser ?? Infinity,
      });
      this.#active.add(user);
      const run = this.#runUser(user, plannedMs).finally(() => {
        this.#runs.delete(run);
        void this.#endWhenRunOut();
      });
      this.#runs.add(run);
    };
    this.setUsers(this.#wanted.users, this.#wanted.spawnRate);
  }

  /** Starts users at `spawnRate` per second until there are `users`, or stops the surplus at once. Before the ramp it changes the plan. */
  setUsers(users: number, spawnRate: number): void {
    this.#wanted = { users, spawnRate };
    const spawn = this.#spawn;
    if (this.#stopped || spawn === undefined) return;
    clearTimeout(this.#spawnTimer);
    const surplus = this.#active.size - users;
    if (surplus > 0) for (const user of [...this.#active].slice(-surplus)) this.#stopUser(user);
    const toSpawn = Math.max(0, -surplus);
    const beginMs = performance.now();
    let begun = 0;
    const tick = (): void => {
      const now = performance.now();
      for (; begun < toSpawn; begun += 1) {
        const plannedMs = beginMs + (begun * 1000) / spawnRate;
        if (plannedMs > now) break;
        spawn(plannedMs);
      }
      if (begun === toSpawn) {
        this.#spawnTimer = undefined;
        this.#onRamped();
        return;
      }
      const waitMs = beginMs + (begun * 1000) / spawnRate - performance.now();
      this.#spawnTimer = setTimeout(tick, Math.min(Math.max(waitMs, 1), maxSpawnTickMs));
    };
    tick();
  }

  /** Ends every user; what is still in flight after `graceMs` is cut off and not counted. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#spawnTimer);
    for (const user of this.#active) this.#stopUser(user);
    if (graceMs > 0) {
      const grace = Promise.withResolvers<void>();
      const timer = setTimeout(grace.resolve, graceMs);
      await Promise.race([grace.promise, Promise.all(this.#runs)]);
      clearTimeout(timer);
    }
    await this.#target.destroy();
    await Promise.all(this.#runs);
    this.#done.resolve();
  }

  #stopUser(user: LoadUser): void {
    this.#active.delete(user);
    user.stop();
  }

  async #runUser(user: LoadUser, plannedMs: number): Promise<void> {
    try {
      await user.run(plannedMs);
    } catch (error) {
      this.#done.reject(error);
    }
    this.#active.delete(user);
  }

  async #endWhenRunOut(): Promise<void> {
    const limited = this.#plan.iterationsPerUser !== undefined;
    if (limited && this.#spawnTimer === undefined && this.#runs.size === 0 && !this.#stopped)
      await this.stop(0);
  }
}
