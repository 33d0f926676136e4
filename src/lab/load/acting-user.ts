import type { McpClient } from './mcp-client.ts';
import type { Random } from './random.ts';
import type { JsonValue } from './scenarios/json-value.ts';

/** A user as its steps see it. */
export interface ActingUser {
  readonly client: McpClient;
  readonly random: Random;
  /** Its own; what a step extracts is put here. */
  readonly variables: Record<string, JsonValue>;
  /** Waits, or less long when the user is stopped. */
  pause(ms: number): Promise<void>;
}

/** One step, ready to be done. Resolves to the kind of failure, if it failed; never rejects for what a target does. */
export type Action = (user: ActingUser, startMs: number) => Promise<string | undefined>;
