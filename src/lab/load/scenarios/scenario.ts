import type { ExecutorPlan } from '../executors/executor-plan.ts';
import type { JsonValue } from './json-value.ts';
import type { Pause, Wait } from '../waits.ts';

/**
 * What the users of a load do, as data: it is sent to the generators as JSON, shown, and exported to other engines. Texts
 * may hold `${…}` (see template.ts). Authors write the shape of `scenario-definition.ts`, which is read into this one.
 */
export interface Scenario {
  name: string;
  description?: string;
  /** `mcp`: every user opens an MCP session before its first task. `http`: nothing is sent but the steps. */
  protocol: 'mcp' | 'http';
  /** Values that every user begins with. */
  variables: Readonly<Record<string, JsonValue>>;
  /** Between two tasks of a user, where the load does not say otherwise. */
  wait?: Wait;
  /** When tasks begin, where the load does not say otherwise. */
  executor?: ExecutorPlan;
  /** Once before the load, outside of its figures; what it extracts is known to every user. */
  setup: readonly Step[];
  /** Each user's first requests, after the handshake of MCP. */
  start: readonly Step[];
  /** Drawn by weight, one after the other; empty where the code of a module says what is done. */
  tasks: readonly ScenarioTask[];
  /** Each user's last requests. */
  stop: readonly Step[];
  /** Once after the load, outside of its figures. */
  teardown: readonly Step[];
}

/** A weighted task: over many draws it is picked `weight` times out of the sum of all weights. */
export interface ScenarioTask {
  name?: string;
  weight: number;
  /** Left out, and named, where a first trial finds that the target lacks it or refuses it. */
  optional: boolean;
  /** One after the other; a step that fails ends the task. None where `code` says what is done. */
  steps: readonly Step[];
  /** Index of the task in the scenario's module whose `run` is called instead. */
  code?: number;
}

export type Step = HttpStep | McpStep | ToolStep | ThinkStep | SessionStep;

/** What is done with an answer: the result of MCP, or the body of HTTP. */
export interface AnswerHandling {
  /** Variables that the following steps know. A value that is not there fails the step. */
  extract: readonly Extraction[];
  check?: Check;
}

export interface HttpStep extends AnswerHandling {
  kind: 'http';
  method: HttpMethod;
  /** Path and query below the target's base URL. */
  path: string;
  /** Counted under `METHOD name`; the path as it is written by default. */
  name?: string;
  headers: Readonly<Record<string, string>>;
  body?: HttpBody;
}

export type HttpBody =
  | { kind: 'json'; value: JsonValue }
  | { kind: 'form'; fields: Readonly<Record<string, string>> }
  | { kind: 'text'; text: string };

/** A request of MCP, or of plain JSON-RPC when it names a path. */
export interface McpStep extends AnswerHandling {
  kind: 'mcp';
  method: string;
  params: Readonly<Record<string, JsonValue>>;
  /** Sends it as JSON-RPC without a session to this path below the base URL, as ContextForge's `/rpc` takes it. */
  path?: string;
  /** Counted under this name; the method by default. */
  name?: string;
}

/**
 * A call of a tool. `*` in its name stands for any text: without arguments each tool that matches gets an equal share,
 * with them the first one that the target lists is called.
 */
export interface ToolStep extends AnswerHandling {
  kind: 'tool';
  tool: string;
  /** Without them they are made from the tool's schema. */
  arguments?: Readonly<Record<string, JsonValue>>;
  /** Counted under this name; `tools/call TOOL` by default. */
  name?: string;
}

export interface ThinkStep {
  kind: 'think';
  wait: Pause;
}

/** Ends the user's MCP session and opens a new one. */
export interface SessionStep {
  kind: 'session';
}

export interface Extraction {
  variable: string;
  from: { kind: 'json'; path: string } | { kind: 'header'; name: string };
}

/** All of it must hold. */
export interface Check {
  /** Accepted statuses of HTTP; any 2xx by default. */
  status?: readonly number[];
  /** Text that the body, or the result as JSON, holds. */
  contains?: string;
  /** Regular expression that matches it. */
  matches?: string;
  /** The value at a JSONPath. */
  json: readonly { path: string; equals: JsonValue }[];
  withinMs?: number;
}

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** A scenario's share of the users, beside others of one load; `module` is the file whose functions its tasks call. */
export interface WeightedScenario {
  weight: number;
  scenario: Scenario;
  module?: string;
}
