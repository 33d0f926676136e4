import { createExecutor } from './executors/create-executor.ts';
import type { Executor, ExecutorContext } from './executors/executor.ts';
import { isOpenModel } from './executors/executor-plan.ts';
import { basePathOf } from './find-endpoint.ts';
import { HttpTarget } from './http-target.ts';
import type { LoadPlan } from './load-plan.ts';
import { LoadUser } from './load-user.ts';
import { McpClient } from './mcp-client.ts';
import type { FinishedRequest } from './mcp-client.ts';
import { EvenTurns } from './even-turns.ts';
import { createWire } from './mcp-wire.ts';
import type { Wire } from './mcp-wire.ts';
import { prepareLoad } from './prepare-load.ts';
import type { Preparation, SetUpScenario } from './preparation.ts';
import { placeAmongAll } from './process-share.ts';
import type { ProcessShare } from './process-share.ts';
import { createRandom } from './random.ts';
import { makeRunnable } from './runnable-scenario.ts';
import type { RunnableScenario } from './runnable-scenario.ts';
import { tearDown, tearDownLimitMs } from './tear-down.ts';
import { TraceContext } from './trace-context.ts';
import { Turnstile } from './turnstile.ts';
import { WindowRecorder } from './window-recorder.ts';

/** Users of one process that end their sessions at the same time. */
const leavingAtOnce = 64;

export interface LoadEngineOptions {
  share: ProcessShare;
  /** Resolves when the users of every other process have ended. */
  othersEnded: Promise<void>;
  /** As an executor tells it. */
  onRamped: ExecutorContext['onRamped'];
  /** What the code of a scenario's module throws. */
  onException: (error: unknown) => void;
  /** Begins to take down what was set up, which takes so long at the most once the others have ended. */
  onTearDown: (limitMs: number) => void;
  /** What the user should know, e.g. that something is left at the target. */
  onWarning: (message: string) => void;
}

/** Runs this process's share of the users of one plan. */
export class LoadEngine {
  readonly recorder: WindowRecorder;
  readonly #plan: LoadPlan;
  readonly #options: LoadEngineOptions;
  readonly #target: HttpTarget;
  readonly #wire: Wire;
  readonly #done = Promise.withResolvers<void>();
  #wanted: { users: number; spawnRate: number };
  #executor: Executor | undefined;
  #created = 0;
  #stopped = false;
  /** Of the process that prepares the load, which also takes down what it has set up. */
  readonly #setUps: SetUpScenario[] = [];
  #preparing: Promise<Preparation> | undefined;
  #tornDown: Promise<void> | undefined;

  constructor(plan: LoadPlan, options: LoadEngineOptions) {
    this.#plan = plan;
    this.#options = options;
    this.recorder = new WindowRecorder(isOpenModel(plan.executor));
    this.#wanted = { users: plan.users, spawnRate: plan.spawnRate };
    this.#target = new HttpTarget(new URL(plan.targetUrl).origin, plan.requestTimeoutMs, plan.tls);
    this.#wire = createWire(plan.era, plan.token);
  }

  get users(): number {
    return this.#executor?.users ?? 0;
  }

  /** Resolves when every user has ended, by the plan or by `stop`; rejects on a fault of the engine. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Learns what can be asked and runs the scenarios' setup; undefined when it was stopped meanwhile. */
  async prepare(): Promise<Preparation | undefined> {
    this.#preparing = prepareLoad(this.#plan, this.#target, this.#wire, (scenario) =>
      this.#setUps.push(scenario),
    );
    try {
      const preparation = await this.#preparing;
      return this.#stopped ? undefined : preparation;
    } catch (error) {
      if (this.#stopped) return undefined;
      throw error;
    }
  }

  /** Begins the ramp. Throws GaugewayError usage when the module of a scenario cannot be used. */
  async start(preparation: Preparation): Promise<void> {
    const { token } = this.#plan;
    const context = { wire: this.#wire, token, basePath: basePathOf(this.#plan.targetUrl) };
    const scenarios = await Promise.all(preparation.scenarios.map((each) => makeRunnable(each, context)));
    if (this.#stopped) return;
    const executor = createExecutor(this.#plan, {
      recorder: this.recorder,
      share: this.#options.share,
      createUser: this.#userFactory(scenarios, preparation.endpointPath),
      onRamped: () => this.#options.onRamped(),
    });
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
    // Its requests have been cut off, and it stays as far as it came.
    await this.#preparing?.catch(() => undefined);
    await (this.#tornDown ??= this.#tearDown(this.#options.othersEnded));
    this.#done.resolve();
  }

  /** Ends a load that has failed: its users are cut off, and what was set up is taken down without waiting for others. */
  async abandon(): Promise<void> {
    this.#stopped = true;
    this.#executor?.stop();
    await this.#target.destroy();
    await (this.#tornDown ??= this.#tearDown(Promise.resolve()));
  }

  /** What was set up is there for the users of all processes. */
  async #tearDown(othersEnded: Promise<void>): Promise<void> {
    if (this.#setUps.every(({ teardown }) => teardown.length === 0)) return;
    this.#options.onTearDown(tearDownLimitMs(this.#plan, this.#setUps));
    await othersEnded;
    const failures = await tearDown(this.#plan, this.#wire, this.#setUps);
    for (const failure of failures) {
      this.#options.onWarning(`${failure}; what was set up may be left at the target`);
    }
  }

  /** Users get their scenarios in even turns by weight, whichever process they fall to. */
  #userFactory(scenarios: readonly RunnableScenario[], path: string): () => LoadUser {
    const { seed, wait, traceContext } = this.#plan;
    const trace = traceContext && new TraceContext(traceContext.runId);
    const turns = new EvenTurns(scenarios);
    const traceHeaders = new Map(scenarios.map(({ name }) => [name, trace?.of(name)]));
    const { share, onException } = this.#options;
    const exit = new Turnstile(leavingAtOnce);
    return () => {
      const place = placeAmongAll(this.#created, share);
      this.#created += 1;
      const scenario = turns.at(place);
      if (scenario === undefined) throw new TypeError('a load without scenarios');
      const record = (request: FinishedRequest): void => this.#record(request);
      const client = new McpClient(this.#target, this.#wire, path, record, traceHeaders.get(scenario.name));
      const random = createRandom(seed, place + 1);
      return new LoadUser({ client, scenario, random, wait, onException, exit });
    };
  }

  #record({ name, startMs, sentMs, endMs, responseBytes, failure }: FinishedRequest): void {
    if (failure === 'aborted') return;
    const latencyMs = endMs - startMs;
    this.recorder.finished({ name, latencyMs, serviceMs: endMs - sentMs, responseBytes, failure });
  }
}
