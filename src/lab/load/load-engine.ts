import { createExecutor } from './executors/create-executor.ts';
import type { Executor } from './executors/executor.ts';
import { discoverTasks } from './discover-tasks.ts';
import { HttpTarget } from './http-target.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import { LoadUser } from './load-user.ts';
import { McpClient } from './mcp-client.ts';
import type { FinishedRequest } from './mcp-client.ts';
import { createWire } from './mcp-wire.ts';
import { createRandom } from './random.ts';
import { scenarios } from './scenarios/built-in.ts';
import { WindowRecorder } from './window-recorder.ts';

/** The MCP endpoint of a target: the URL itself when it ends in `/mcp`, else `<url>/mcp`. */
function endpointOf(targetUrl: string): URL {
  const url = new URL(targetUrl);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/mcp') ? path : `${path}/mcp`;
  return url;
}

/** Runs the users of one plan in this process. */
export class LoadEngine {
  readonly recorder: WindowRecorder;
  readonly #plan: LoadPlan;
  readonly #endpoint: URL;
  readonly #target: HttpTarget;
  readonly #onRamped: () => void;
  readonly #done = Promise.withResolvers<void>();
  #wanted: { users: number; spawnRate: number };
  #executor: Executor | undefined;
  #created = 0;
  #stopped = false;

  constructor(plan: LoadPlan, onRamped: () => void) {
    this.#plan = plan;
    this.recorder = new WindowRecorder(plan.executor.kind !== 'closed-users');
    this.#wanted = { users: plan.users, spawnRate: plan.spawnRate };
    this.#onRamped = onRamped;
    this.#endpoint = endpointOf(plan.targetUrl);
    this.#target = new HttpTarget(this.#endpoint.origin, plan.requestTimeoutMs);
  }

  get users(): number {
    return this.#executor?.users ?? 0;
  }

  /** Resolves when every user has ended, by the plan or by `stop`; rejects on a fault of the engine. */
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
    const createUser = (): LoadUser => {
      const client = new McpClient(this.#target, wire, path, (request) => this.#record(request));
      this.#created += 1;
      return new LoadUser({ client, tasks, random: createRandom(plan.seed, this.#created), listMessage });
    };
    const executor = createExecutor(plan, { recorder: this.recorder, createUser, onRamped: this.#onRamped });
    this.#executor = executor;
    executor.ended.then(
      () => this.stop(0),
      (error: unknown) => this.#done.reject(error),
    );
    executor.setUsers(this.#wanted.users, this.#wanted.spawnRate);
  }

  /** Starts users at `spawnRate` per second until there are `users`, or stops the surplus. Before the ramp it changes the plan. */
  setUsers(users: number, spawnRate: number): void {
    this.#wanted = { users, spawnRate };
    this.#executor?.setUsers(users, spawnRate);
  }

  /** Ends every user; what is still in flight after `graceMs` is cut off and not counted. */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#executor?.stop();
    const ended = (this.#executor?.ended ?? Promise.resolve()).catch((error: unknown) =>
      this.#done.reject(error),
    );
    if (graceMs > 0) {
      const grace = Promise.withResolvers<void>();
      const timer = setTimeout(grace.resolve, graceMs);
      await Promise.race([grace.promise, ended]);
      clearTimeout(timer);
    }
    await this.#target.destroy();
    await ended;
    this.#done.resolve();
  }

  #record({ name, startMs, sentMs, endMs, responseBytes, failure }: FinishedRequest): void {
    if (failure === 'aborted') return;
    const latencyMs = endMs - startMs;
    this.recorder.finished({ name, latencyMs, serviceMs: endMs - sentMs, responseBytes, failure });
  }
}
