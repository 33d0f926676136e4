import { GaugewayError } from '../../shared/errors.ts';
import { UngenerableSchemaError, generateArguments } from './argument-generator.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import type { HttpTarget } from './http-target.ts';
import { McpClient } from './mcp-client.ts';
import { asObject, plainGet } from './mcp-wire.ts';
import type { Judgement, Wire } from './mcp-wire.ts';
import { createRandom } from './random.ts';
import { scenarios } from './scenarios/built-in.ts';
import type { ScenarioTask } from './scenarios/scenario.ts';
import { TaskPlan } from './task-plan.ts';
import type { PreparedTask } from './task-plan.ts';

/** Argument sets made per tool; users draw from them, so that a cache in the target sees more than one key. */
const variantsPerTool = 16;
const maxPages = 100;
const maxTools = 1_000;
const trialConcurrency = 8;
const invalidParams = -32602;
const methodNotFound = -32601;

/** Tools that fail, or wait as long as they are told, are no measure of the target. */
const namedToFail = /fail|flaky|schema_error/i;
const namedToSleep = /slow|sleep|delay/i;

interface Tool {
  name: string;
  inputSchema: unknown;
}
type LeftOut = LoadPlanSummary['leftOut'];

/**
 * Asks the target once, before the load and outside its figures, what can be asked of it: lists the tools,
 * makes arguments for each and tries them once. What the target refuses for its arguments is left out by
 * name, for that would be the generator's failure, not the target's.
 * Throws `source_unreadable` when the target cannot even be listed, `usage` when nothing can be asked of it.
 */
export async function discoverTasks(
  plan: LoadPlan,
  target: HttpTarget,
  wire: Wire,
  endpointPath: string,
): Promise<{ tasks: TaskPlan; summary: LoadPlanSummary }> {
  const client = new McpClient(target, wire, endpointPath, () => undefined);
  const hello = await client.open();
  if (hello.failure !== undefined) throw unusable(plan, wire.hello.method, hello);
  const protocolVersion = client.session?.protocolVersion ?? wire.protocolVersion;

  const leftOut: LeftOut = [];
  const prepared: PreparedTask[] = [];
  for (const task of scenarios[plan.scenario].tasks) {
    prepared.push(...(await prepare(task, { plan, client, wire, leftOut })));
  }
  await client.close();

  const tasks = new TaskPlan(prepared);
  if (prepared.length === 0) {
    const reasons = leftOut.slice(0, 5).map(({ name, reason }) => `${name} (${reason})`);
    const why = reasons.length === 0 ? 'it lists no tools' : reasons.join(', ');
    throw new GaugewayError('usage', `nothing of ${plan.scenario} can be asked of ${plan.targetUrl}: ${why}`);
  }
  return {
    tasks,
    summary: {
      endpoint: new URL(endpointPath, plan.targetUrl).href,
      scenario: plan.scenario,
      era: plan.era,
      protocolVersion,
      tasks: prepared.map(({ name, weight }) => ({ name, share: weight / tasks.totalWeight })),
      leftOut,
    },
  };
}

interface Preparation {
  plan: LoadPlan;
  client: McpClient;
  wire: Wire;
  leftOut: LeftOut;
}

function prepare({ weight, request }: ScenarioTask, context: Preparation): Promise<PreparedTask[]> {
  if (request.kind === 'tools/call') return prepareCalls(weight, context);
  if (request.kind === 'get') return prepareGet(weight, request.path, context);
  return Promise.resolve(prepareMethod(weight, request.kind, context));
}

async function prepareCalls(weight: number, context: Preparation): Promise<PreparedTask[]> {
  const callable = await findCallableTools(context);
  return callable.map((task) => ({ ...task, weight: weight / callable.length }));
}

function prepareMethod(
  weight: number,
  method: 'tools/list' | 'ping',
  { wire, leftOut }: Preparation,
): PreparedTask[] {
  if (method === 'ping' && wire.era === 'modern') {
    leftOut.push({ name: 'ping', reason: `is not part of MCP ${wire.protocolVersion}` });
    return [];
  }
  return [{ kind: 'rpc', name: method, weight, variants: [wire.message(method)] }];
}

async function prepareGet(
  weight: number,
  path: string,
  { client, leftOut }: Preparation,
): Promise<PreparedTask[]> {
  const name = `GET ${path}`;
  const { answer } = await client.http(plainGet(path), name);
  if (answer?.status !== 404) return [{ kind: 'get', name, weight, path }];
  leftOut.push({ name, reason: 'the target has no such path' });
  return [];
}

async function findCallableTools({
  plan,
  client,
  wire,
  leftOut,
}: Preparation): Promise<(PreparedTask & { kind: 'rpc' })[]> {
  const random = createRandom(plan.seed);
  const candidates: (PreparedTask & { kind: 'rpc' })[] = [];
  for (const { name, inputSchema } of await listTools(plan, client, wire)) {
    const reason = knownReason(name);
    if (reason !== undefined) {
      leftOut.push({ name, reason });
      continue;
    }
    try {
      const variants = Array.from({ length: variantsPerTool }, () =>
        wire.message('tools/call', { name, arguments: generateArguments(inputSchema, random) }, name),
      );
      candidates.push({ kind: 'rpc', name: `tools/call ${name}`, weight: 1, variants });
    } catch (error) {
      if (!(error instanceof UngenerableSchemaError)) throw error;
      leftOut.push({ name, reason: error.message });
    }
  }
  const callable: typeof candidates = [];
  for (let at = 0; at < candidates.length; at += trialConcurrency) {
    const batch = candidates.slice(at, at + trialConcurrency);
    const refusals = await Promise.all(batch.map((candidate) => tryOnce(client, candidate)));
    for (const [index, candidate] of batch.entries()) {
      const reason = refusals[index];
      if (reason === undefined) callable.push(candidate);
      else leftOut.push({ name: candidate.name.slice('tools/call '.length), reason });
    }
  }
  return callable;
}

function knownReason(name: string): string | undefined {
  if (namedToFail.test(name)) return 'by its name it fails on purpose';
  if (namedToSleep.test(name)) return 'by its name it waits as long as it is told';
  return undefined;
}

/** Why the target refuses the arguments, or undefined. A failure of another kind is the target's own and stays in. */
async function tryOnce(client: McpClient, task: PreparedTask & { kind: 'rpc' }): Promise<string | undefined> {
  const [first] = task.variants;
  if (first === undefined) return undefined;
  const judgement = await client.request(first, task.name);
  if (judgement.failure === undefined) return undefined;
  const { failure, detail, jsonRpcCode } = judgement;
  const refused = failure === 'isError' || jsonRpcCode === invalidParams || jsonRpcCode === methodNotFound;
  return refused
    ? `a trial call with made-up arguments gave ${failure}${detail === '' ? '' : `: ${detail}`}`
    : undefined;
}

async function listTools(plan: LoadPlan, client: McpClient, wire: Wire): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages && tools.length < maxTools; page += 1) {
    const judgement = await client.request(
      wire.message('tools/list', cursor === undefined ? {} : { cursor }),
      'tools/list',
    );
    if (judgement.failure !== undefined) throw unusable(plan, 'tools/list', judgement);
    const { tools: listed, nextCursor } = judgement.result;
    if (!Array.isArray(listed)) {
      throw new GaugewayError(
        'source_unreadable',
        `${plan.targetUrl}: tools/list answered without a list of tools`,
      );
    }
    for (const entry of listed) {
      const { name, inputSchema } = asObject(entry) ?? {};
      if (typeof name === 'string') tools.push({ name, inputSchema });
    }
    if (typeof nextCursor !== 'string') break;
    cursor = nextCursor;
  }
  return tools.slice(0, maxTools);
}

function unusable(plan: LoadPlan, method: string, judgement: Judgement & { failure: string }): GaugewayError {
  const { failure, detail } = judgement;
  return new GaugewayError(
    'source_unreadable',
    `${plan.targetUrl}: ${method} failed before the load began: ${failure}${detail === '' ? '' : ` (${detail})`}`,
  );
}
