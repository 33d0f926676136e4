import type { McpClient } from './mcp-client.ts';
import { plainGet } from './mcp-wire.ts';
import type { McpMessage } from './mcp-wire.ts';
import type { Random } from './random.ts';
import type { TaskPlan } from './task-plan.ts';

export interface LoadUserOptions {
  client: McpClient;
  tasks: TaskPlan;
  random: Random;
  /** The listing that an agent begins with, if the scenario has one. */
  listMessage: McpMessage | undefined;
}

/** One simulated MCP user: a session and what it asks; when it asks is up to its executor. */
export class LoadUser {
  readonly random: Random;
  readonly #options: LoadUserOptions;
  #stopped = false;

  constructor(options: LoadUserOptions) {
    this.#options = options;
    this.random = options.random;
  }

  get hasSession(): boolean {
    return this.#options.client.session !== undefined;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The handshake, and the listing of an agent; false when there is no session. `startMs` (performance.now): when it was meant to start. */
  async open(startMs: number): Promise<boolean> {
    const { client, listMessage } = this.#options;
    const opened = await client.open(startMs);
    if (opened.failure !== undefined) return false;
    if (listMessage !== undefined && !this.#stopped) await client.request(listMessage, listMessage.method);
    return true;
  }

  /** One task, drawn by its weight. */
  async perform(startMs: number): Promise<void> {
    const { client, tasks, random } = this.#options;
    const task = tasks.draw(random);
    if (task?.kind === 'get') {
      await client.http(plainGet(task.path), task.name, startMs);
      return;
    }
    const message = task?.variants[Math.floor(random() * task.variants.length)];
    if (task !== undefined && message !== undefined) await client.request(message, task.name, startMs);
  }

  /** Nothing follows the request in flight. */
  stop(): void {
    this.#stopped = true;
  }

  async close(): Promise<void> {
    await this.#options.client.close();
  }
}
