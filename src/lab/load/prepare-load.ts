import { GaugewayError } from '../../shared/errors.ts';
import type { ActingUser } from './acting-user.ts';
import { compileStep } from './compile-step.ts';
import type { StepContext } from './compile-step.ts';
import { ToolPool, unusable } from './discover-tools.ts';
import { basePathOf, openEndpoint } from './find-endpoint.ts';
import type { HttpTarget } from './http-target.ts';
import { scenarioNamesOf } from './load-plan.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import { McpClient } from './mcp-client.ts';
import type { Wire } from './mcp-wire.ts';
import type {
  Preparation,
  PreparedScenario,
  PreparedStep,
  PreparedTask,
  SetUpScenario,
} from './preparation.ts';
import { handlingOf, nameOf, prepareStep } from './prepare-step.ts';
import { createRandom } from './random.ts';
import type { JsonValue } from './scenarios/json-value.ts';
import { renderVariables } from './scenarios/render-variables.ts';
import type { Scenario, ScenarioTask, Step, WeightedScenario } from './scenarios/scenario.ts';
import { sharesOf } from './task-shares.ts';

/** Kinds of failure that say that this target cannot be asked for something that may be left out. */
const refusals: readonly { kind: RegExp; reason: string }[] = [
  { kind: /^http (404|405|501)\b|^json-rpc -32601$/, reason: 'the target has no such thing' },
  { kind: /^http (401|403)\b/, reason: 'the target does not allow it' },
  { kind: /^http 30[1-8]\b/, reason: 'the target sends it elsewhere' },
  { kind: /^http (400|415|422)\b|^invalid request/, reason: 'the target does not take what it is sent' },
  { kind: /^extract /, reason: 'the target has nothing to ask for' },
];

const noSuchTool = 'the target lists no such tool';

interface Preparing {
  plan: LoadPlan;
  wire: Wire;
  context: StepContext;
  /** What its requests show is in no figure. */
  user: ActingUser;
  tools: ToolPool;
  leftOut: LoadPlanSummary['leftOut'];
  onSetUp: (scenario: Omit<SetUpScenario, 'endpointPath'>) => void;
}

/**
 * Asks the target once, before the load and outside its figures, what can be asked of it: opens a session where a
 * scenario needs one, runs the scenarios' setup, makes arguments for tools and tries what may not be there.
 * `onSetUp` is told of each setup that has begun, before anything else can fail.
 * Throws `source_unreadable` when the target cannot even be asked or a setup fails, `usage` when nothing can be asked of it.
 */
export async function prepareLoad(
  plan: LoadPlan,
  target: HttpTarget,
  wire: Wire,
  onSetUp: (scenario: SetUpScenario) => void = () => undefined,
): Promise<Preparation> {
  const { client, path, protocolVersion } = await reach(plan, target, wire);
  const leftOut: LoadPlanSummary['leftOut'] = [];
  const user: ActingUser = {
    client,
    random: createRandom(plan.seed),
    variables: {},
    pause: () => Promise.resolve(),
  };
  const context = { wire, token: plan.token, basePath: basePathOf(plan.targetUrl) };
  const tools = new ToolPool(plan, client, wire, leftOut);
  const preparing: Preparing = {
    plan,
    wire,
    context,
    user,
    tools,
    leftOut,
    onSetUp: (scenario) => onSetUp({ ...scenario, endpointPath: path }),
  };
  const scenarios: PreparedScenario[] = [];
  for (const weighted of plan.scenarios) scenarios.push(await prepareScenario(weighted, preparing));
  await client.close();
  return {
    endpointPath: path,
    scenarios,
    summary: {
      endpoint: new URL(path, plan.targetUrl).href,
      scenario: scenarioNamesOf(plan),
      era: plan.era,
      ...(protocolVersion === undefined ? {} : { protocolVersion }),
      tasks: sharesOf(scenarios),
      leftOut,
    },
  };
}

async function reach(
  plan: LoadPlan,
  target: HttpTarget,
  wire: Wire,
): Promise<{ client: McpClient; path: string; protocolVersion?: string }> {
  if (plan.scenarios.every(({ scenario }) => scenario.protocol === 'http')) {
    const path = basePathOf(plan.targetUrl);
    return { client: new McpClient(target, wire, path, () => undefined), path: path === '' ? '/' : path };
  }
  const opened = await openEndpoint(plan, target, wire);
  if ('refusal' in opened) throw unusable(plan, wire.hello.method, opened.refusal);
  const protocolVersion = opened.client.session?.protocolVersion ?? wire.protocolVersion;
  return { ...opened, protocolVersion };
}

async function prepareScenario(
  { scenario, weight, module }: WeightedScenario,
  preparing: Preparing,
): Promise<PreparedScenario> {
  const { name, protocol, wait } = scenario;
  const { variables } = scenario;
  const prepareAll = (steps: readonly Step[]): Promise<PreparedStep[]> =>
    prepareNeeded(steps, scenario, preparing);
  // Nothing is made at the target that could not be taken down again.
  const teardown = await prepareAll(scenario.teardown);
  const found = await setUp(scenario, teardown, preparing);
  Object.assign(preparing.user.variables, renderVariables(variables, preparing.user.random), found);
  const start = await prepareAll(scenario.start);
  // What users extract at their start is what the trial of a task may need.
  if (scenario.tasks.some(({ optional }) => optional)) {
    for (const step of start) await compileStep(step, preparing.context)(preparing.user, performance.now());
  }
  const tasks: PreparedTask[] = [];
  for (const task of scenario.tasks) {
    const prepared = await prepareTask(task, preparing);
    if (prepared !== undefined) tasks.push(prepared);
  }
  if (tasks.length === 0) {
    const { plan, leftOut } = preparing;
    const reasons = leftOut.slice(0, 5).map((entry) => `${entry.name} (${entry.reason})`);
    const why = reasons.length === 0 ? 'it lists no tools' : reasons.join(', ');
    throw new GaugewayError('usage', `nothing of ${name} can be asked of ${plan.targetUrl}: ${why}`);
  }
  return {
    name,
    weight,
    protocol,
    ...(wait === undefined ? {} : { wait }),
    variables,
    found,
    start,
    tasks,
    stop: await prepareAll(scenario.stop),
    teardown,
    ...(module === undefined ? {} : { module }),
  };
}

/** Runs the setup; gives what it extracted. */
async function setUp(
  scenario: Scenario,
  teardown: PreparedStep[],
  preparing: Preparing,
): Promise<Record<string, JsonValue>> {
  const { plan, context, user } = preparing;
  const { name, protocol, variables } = scenario;
  const owner: ActingUser = { ...user, variables: renderVariables(variables, user.random) };
  const steps = await prepareNeeded(scenario.setup, scenario, preparing);
  const names = scenario.setup.flatMap((step) => ('extract' in step ? step.extract : []));
  const found: Record<string, JsonValue> = {};
  if (steps.length === 0) preparing.onSetUp({ name, protocol, variables, found, teardown });
  for (const [index, step] of steps.entries()) {
    const failure = await compileStep(step, context)(owner, performance.now());
    if (failure !== undefined) {
      const what = 'name' in step ? step.name : step.kind;
      throw new GaugewayError(
        'source_unreadable',
        `${plan.targetUrl}: the setup of ${name} failed at step ${index + 1} (${what}): ${failure}`,
      );
    }
    for (const { variable } of names) found[variable] = owner.variables[variable] ?? null;
    if (index === 0) preparing.onSetUp({ name, protocol, variables, found, teardown });
  }
  return found;
}

async function prepareTask(task: ScenarioTask, preparing: Preparing): Promise<PreparedTask | undefined> {
  const { weight, code } = task;
  if (code !== undefined) return { name: task.name ?? `task ${code + 1}`, weight, steps: [], code };
  const { steps, missing } = await prepareSteps(task.steps, preparing);
  const name = task.name ?? taskNameOf(task.steps);
  if (steps === undefined) {
    // The reason of each tool has been told.
    if (missing !== undefined)
      preparing.leftOut.push({ name: task.name ?? missing.name, reason: missing.reason });
    return undefined;
  }
  const refusal = task.optional ? await trial(steps, preparing) : undefined;
  if (refusal === undefined) return { name, weight, steps };
  preparing.leftOut.push({ name, reason: refusal });
  return undefined;
}

/** Why the target has no such thing, or undefined. A failure of another kind is the target's own and stays in. */
async function trial(
  steps: readonly PreparedStep[],
  { context, user }: Preparing,
): Promise<string | undefined> {
  for (const step of steps) {
    if (step.kind === 'think') continue;
    const failure = await compileStep(step, context)(user, performance.now());
    if (failure === undefined) continue;
    const refusal = refusals.find(({ kind }) => kind.test(failure));
    return refusal === undefined ? undefined : `${refusal.reason} (${failure})`;
  }
  return undefined;
}

/** Steps that nobody can go on without. Throws GaugewayError usage when one of them cannot be asked. */
async function prepareNeeded(
  steps: readonly Step[],
  { name }: Scenario,
  preparing: Preparing,
): Promise<PreparedStep[]> {
  const { steps: prepared, missing } = await prepareSteps(steps, preparing);
  if (prepared !== undefined) return prepared;
  const why = missing === undefined ? 'no tool of it can be called' : `${missing.name} ${missing.reason}`;
  throw new GaugewayError('usage', `${name} cannot begin or end at ${preparing.plan.targetUrl}: ${why}`);
}

/** `steps` is undefined when one of them cannot be asked; `missing` says which, where no tool has said it yet. */
async function prepareSteps(
  steps: readonly Step[],
  preparing: Preparing,
): Promise<{ steps?: PreparedStep[]; missing?: { name: string; reason: string } }> {
  const prepared: PreparedStep[] = [];
  for (const step of steps) {
    if (
      step.kind === 'mcp' &&
      step.method === 'ping' &&
      step.path === undefined &&
      preparing.wire.era === 'modern'
    ) {
      const reason = `is not part of MCP ${preparing.wire.protocolVersion}`;
      return { missing: { name: step.name ?? step.method, reason } };
    }
    if (step.kind === 'tool' && step.arguments === undefined) {
      const { calls, listed } = await preparing.tools.callsTo(step.tool);
      if (calls.length === 0) {
        return listed > 0 ? {} : { missing: { name: step.tool, reason: noSuchTool } };
      }
      const named = calls.map((call) => ({ ...call, name: step.name ?? call.name }));
      prepared.push({ kind: 'pool', calls: named, ...handlingOf(step) });
      continue;
    }
    if (step.kind === 'tool') {
      const tool = await preparing.tools.first(step.tool);
      if (tool === undefined) return { missing: { name: step.tool, reason: noSuchTool } };
      prepared.push(prepareStep({ ...step, tool }));
      continue;
    }
    prepared.push(prepareStep(step));
  }
  return { steps: prepared };
}

/** A task that has no name of its own is called after its first request. */
function taskNameOf(steps: readonly Step[]): string {
  const first = steps.find(({ kind }) => kind !== 'think' && kind !== 'session') ?? steps[0];
  return first === undefined ? 'task' : nameOf(first);
}
