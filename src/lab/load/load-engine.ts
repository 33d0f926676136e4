import { createExecutor } from './executors/create-executor.ts';
import type { Executor } from './executors/executor.ts';
import { discoverTasks } from './discover-tasks.ts';
import { HttpTarget } from './http-target.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import { LoadUser } from './load-user.ts';
import { McpClient } from './mcp-client.ts';
import type { FinishedRequest } from './mcp-client.ts';
import { createWire } from './mcp-wire.ts';
import type { Wire } from './mcp-wire.ts';
import { placeAmongAll } from './process-share.ts';
import type { ProcessShare } from './process-share.ts';
import { createRandom } from './random.ts';
import { scenarios } from './scenarios/built-in.ts';
import { TaskPlan } from './task-plan.ts';
import type { PreparedTask } from './task-plan.ts';
import { WindowRecorder } from './window-recorder.ts';

/** The MCP endpoint of a target: the URL itself when it ends in `/mcp`, else `<url>/mcp`. */
function endpointOf(targetUrl: string): URL {
  const url = new URL(targetUrl);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/mcp') ? path : `${path}/mcp`;
  return url;
}

/** What is to be known before users begin: found out once, plain JSON, the same for every process of the load. */
export interface Preparation {
  tasks: readonly PreparedTask[];
  summary: LoadPlanSummary;
}

export interface LoadEngineOptions {
  share: ProcessShare;
  onRamped(): void;
}

/** Runs this process's share of the users of one plan. */
export class LoadEngine {
  readonly recorder: WindowRecorder;
  readonly #plan: LoadPlan;
  readonly #options: LoadEngineOptions;
  readonly #endpoint: URL;
  readonly #target: HttpTarget;
  readonly #wire: Wire;
  readonly #done = Promise.withResolvers<void>();
  #wanted: { users: number; spawnRate: number };
  #executor: Executor | undefined;
  #created = 0;
  #stopped = false;

  constructor(plan: LoadPlan, options: LoadEngineOptions) {
    this.#plan = plan;
    this.#options = options;
    this.recorder = new WindowRecorder(plan.executor.kind !== 'closed-users');
    this.#wanted = { users: plan.users, spawnRate: plan.spawnRate };
    this.#endpoint = endpointOf(plan.targetUrl);
    this.#target = new HttpTarget(this.#endpoint.origin, plan.requestTimeoutMs);
    this.#wire = createWire(plan.era, plan.token);
  }

  get users(): number {
    return this.#executor?.users ?? 0;
  }

  /** Resolves when every user has ended, by the plan or by `stop`; rejects on a fault of the engine. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Learns what can be asked; undefined when it was stopped meanwhile. */
  async prepare(): Promise<Preparation | undefined> {
    try {
      const { tasks, summary } = await discoverTasks(this.#plan, this.#target, this.#wire, this.#path);
      return this.#stopped ? undefined : { tasks: tasks.tasks, summary };
    } catch (error) {
      if (this.#stopped) return undefined;
      throw error;
    }
  }

  /** Begins the ramp. */
  start({ tasks: prepared }: Preparation): void {
    if (this.#stopped) return;
    const { seed, scenario } = this.#plan;
    const { share, onRamped } = this.#options;
    const wire = this.#wire;
    const tasks = new TaskPlan(prepared);
    const listMessage = scenarios[scenario].listsToolsFirst ? wire.message('tools/list') : undefined;
    const createUser = (): LoadUser => {
      const client = new McpClient(this.#target, wire, this.#path, (request) => this.#record(request));
      const random = createRandom(seed, placeAmongAll(this.#created, share) + 1);
      this.#created += 1;
      return new LoadUser({ client, tasks, random, listMessage });
    };
    const executor = createExecutor(this.#plan, { recorder: this.recorder, createUser, onRamped });
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

  get #path(): string {
    return this.#endpoint.pathname + this.#endpoint.search;
  }

  #record({ name, startMs, sentMs, endMs, responseBytes, failure }: FinishedRequest): void {
    if (failure === 'aborted') return;
    const latencyMs = endMs - startMs;
    this.recorder.finished({ name, latencyMs, serviceMs: endMs - sentMs, responseBytes, failure });
  }
}
