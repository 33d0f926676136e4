import type { McpClient } from './mcp-client.ts';
import type { McpMessage } from './mcp-wire.ts';
import { between } from './random.ts';
import type { Random } from './random.ts';
import type { TaskPlan } from './task-plan.ts';
import type { WindowRecorder } from './window-recorder.ts';

/** How long a user that got no session waits at least before it tries again, as a client backs off. */
const reconnectDelayMs = 1_000;

export interface LoadUserOptions {
  client: McpClient;
  tasks: TaskPlan;
  recorder: WindowRecorder;
  random: Random;
  thinkMs: readonly [min: number, max: number];
  /** The listing that an agent begins with, if the scenario has one. */
  listMessage: McpMessage | undefined;
  iterations: number;
}

/** One closed-model user: opens a session, then one task at a time with a pause before each. */
export class LoadUser {
  readonly #options: LoadUserOptions;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(options: LoadUserOptions) {
    this.#options = options;
  }

  /** Runs from its planned start (performance.now) until it is stopped or its iterations are done. */
  async run(plannedMs: number): Promise<void> {
    const { client, tasks, random, iterations } = this.#options;
    let startMs = plannedMs;
    this.#options.recorder.planned(performance.now() - plannedMs);
    for (let done = 0; !this.#stopped && done < iterations;) {
      if (client.session === undefined && !(await this.#open(startMs))) {
        startMs = await this.#pause(reconnectDelayMs);
        continue;
      }
      startMs = await this.#pause(0);
      if (this.#stopped) break;
      const task = tasks.draw(random);
      if (task === undefined) break;
      done += 1;
      if (task.kind === 'get') {
        await client.get(task.path, task.name, startMs);
        continue;
      }
      const message = task.variants[Math.floor(random() * task.variants.length)];
      if (message !== undefined) await client.request(message, task.name, startMs);
    }
    await client.close();
  }

  /** Ends after the request in flight; a pause ends at once. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async #open(startMs: number): Promise<boolean> {
    const { client, listMessage } = this.#options;
    const opened = await client.open(startMs);
    if (opened.failure !== undefined) return false;
    if (listMessage !== undefined && !this.#stopped) await client.request(listMessage, listMessage.method);
    return true;
  }

  /** Thinks, at least for `minMs`; resolves to the moment at which the pause was meant to end. */
  #pause(minMs: number): Promise<number> {
    const { random, thinkMs, recorder } = this.#options;
    const pauseMs = Math.max(minMs, between(random, thinkMs[0], thinkMs[1]));
    if (this.#stopped || pauseMs === 0) return Promise.resolve(performance.now());
    const endMs = performance.now() + pauseMs;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        // Timers are kept in whole milliseconds and may fire a fraction before the moment itself.
        recorder.planned(Math.max(0, performance.now() - endMs));
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
