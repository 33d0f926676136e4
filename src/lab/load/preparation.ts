import type { Wait } from './waits.ts';
import type { LoadPlanSummary } from './load-plan.ts';
import type { McpMessage } from './mcp-wire.ts';
import type { JsonValue } from './scenarios/json-value.ts';
import type { AnswerHandling, HttpStep, SessionStep, ThinkStep } from './scenarios/scenario.ts';

/**
 * What a load needs beside its plan once the target was asked: found out by one process and handed to the others as
 * JSON, so that a target is asked, and a scenario set up, once.
 */
export interface Preparation {
  /** Path of the MCP endpoint that answered. */
  endpointPath: string;
  scenarios: PreparedScenario[];
  summary: LoadPlanSummary;
}

/** A scenario whose setup has run, as far as it came: what is to be taken down again. */
export type SetUpScenario = Pick<
  PreparedScenario,
  'name' | 'protocol' | 'variables' | 'found' | 'teardown'
> & {
  /** Path of the MCP endpoint that answered. */
  endpointPath: string;
};

export interface PreparedScenario {
  name: string;
  /** Its share of the users, beside the other scenarios'. */
  weight: number;
  protocol: 'mcp' | 'http';
  wait?: Wait;
  /** The scenario's own; expressions in them are evaluated for each user. */
  variables: Readonly<Record<string, JsonValue>>;
  /** What its setup extracted, as it came. */
  found: Readonly<Record<string, JsonValue>>;
  start: PreparedStep[];
  tasks: PreparedTask[];
  stop: PreparedStep[];
  teardown: PreparedStep[];
  /** File whose functions the tasks with `code` call. */
  module?: string;
}

export interface PreparedTask {
  name: string;
  weight: number;
  steps: PreparedStep[];
  code?: number;
}

export type PreparedStep =
  /** One of the tools by even chance, with one of its argument sets; bodies are ready. */
  | ({ kind: 'pool'; calls: PooledCall[] } & AnswerHandling)
  /** A request of MCP whose parameters are rendered each time. */
  | ({ kind: 'mcp'; name: string; method: string; params: Params; mcpName?: string } & AnswerHandling)
  /** JSON-RPC without a session. */
  | ({ kind: 'rpc'; name: string; method: string; params: Params; path: string } & AnswerHandling)
  | (Omit<HttpStep, 'name'> & { name: string })
  | ThinkStep
  | SessionStep;

export interface PooledCall {
  /** Counted under this name. */
  name: string;
  variants: McpMessage[];
}

type Params = Readonly<Record<string, JsonValue>>;
