import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { Action, ActingUser } from './acting-user.ts';
import type { McpClient } from './mcp-client.ts';
import type { Random } from './random.ts';
import type { RunnableScenario } from './runnable-scenario.ts';
import type { JsonValue } from './scenarios/json-value.ts';
import { renderVariables } from './scenarios/render-variables.ts';
import type { Turnstile } from './turnstile.ts';
import type { Wait } from './waits.ts';

export interface LoadUserOptions {
  client: McpClient;
  scenario: RunnableScenario;
  random: Random;
  /** Between two tasks, where the scenario says nothing else. */
  wait: Wait;
  /** What a task's own code throws. */
  onException: (error: unknown) => void;
  /** Through which users leave: all of them at once would be a load of their own at the end. */
  exit: Turnstile;
}

/** One simulated user: a session and what it asks; when it asks is up to its executor. */
export class LoadUser implements ActingUser {
  readonly client: McpClient;
  readonly scenario: RunnableScenario;
  readonly random: Random;
  readonly variables: Record<string, JsonValue>;
  /** Between two tasks. */
  readonly wait: Wait;
  readonly #onException: LoadUserOptions['onException'];
  readonly #exit: Turnstile;
  #started = false;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor({ client, scenario, random, wait, onException, exit }: LoadUserOptions) {
    this.client = client;
    this.scenario = scenario;
    this.random = random;
    this.variables = { ...renderVariables(scenario.variables, random), ...scenario.found };
    this.wait = scenario.wait ?? wait;
    this.#onException = onException;
    this.#exit = exit;
  }

  /** Whether it can begin a task: it has its session, and what it does at its start is done. */
  get isReady(): boolean {
    return this.#started && (this.scenario.protocol === 'http' || this.client.session !== undefined);
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * The handshake of MCP where it is missing, and the scenario's first steps; false when one of them failed, so that it
   * is to be tried again. `startMs` (performance.now): when it was meant to start.
   */
  async open(startMs: number): Promise<boolean> {
    let nextMs: number | undefined = startMs;
    if (this.scenario.protocol === 'mcp' && this.client.session === undefined) {
      this.#started = false;
      if ((await this.client.open(startMs)).failure !== undefined) return false;
      nextMs = undefined;
    }
    if (!this.#started) this.#started = await this.#act(this.scenario.start, nextMs);
    return this.isReady;
  }

  /**
   * One task, drawn by its weight. A step that fails ends it. One that sent nothing lets the event loop turn: users
   * that go on at once would let nothing else run, not even the order to stop.
   */
  async perform(startMs: number): Promise<void> {
    const { sent } = this.client;
    await this.#runTask(startMs);
    if (this.client.sent === sent) await turnOfLoop();
  }

  async #runTask(startMs: number): Promise<void> {
    const task = this.scenario.tasks.draw(this.random);
    if (task?.code === undefined) {
      await this.#act(task?.actions ?? [], startMs);
      return;
    }
    try {
      await task.code(this, startMs);
    } catch (error) {
      this.#onException(error);
    }
  }

  /** Nothing follows the request in flight; a pause ends at once. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Even one of no time is a turn of the event loop: code may pause in a loop of its own. */
  pause(ms: number): Promise<void> {
    if (this.#stopped || ms <= 0) return turnOfLoop();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  /** The scenario's last steps, then the end of the session, when it is this user's turn to leave. */
  close(): Promise<void> {
    return this.#exit.pass(() => this.#leave());
  }

  async #leave(): Promise<void> {
    if (this.isReady) for (const action of this.scenario.stop) await action(this, performance.now());
    this.#started = false;
    await this.client.close();
  }

  /** False when a step failed, or the user was stopped in between. */
  async #act(actions: readonly Action[], startMs = performance.now()): Promise<boolean> {
    let atMs = startMs;
    for (const [index, action] of actions.entries()) {
      if (index > 0) {
        if (this.#stopped) return false;
        atMs = performance.now();
      }
      if ((await action(this, atMs)) !== undefined) return false;
    }
    return true;
  }
}
