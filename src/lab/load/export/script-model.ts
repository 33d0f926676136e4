import type { Era, LoadPlan } from '../load-plan.ts';
import { createWire } from '../mcp-wire.ts';
import type { McpMessage, Wire } from '../mcp-wire.ts';
import { basePathOf } from '../find-endpoint.ts';
import type { Preparation, PreparedScenario, PreparedStep } from '../preparation.ts';
import { checkKinds } from '../scenarios/answer-handler.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { AnswerHandling } from '../scenarios/scenario.ts';
import type { Threshold } from '../thresholds.ts';
import type { Wait } from '../waits.ts';
import { EnvironmentNames, secretVariables } from './secret-variables.ts';
import type { SecretVariable } from './secret-variables.ts';
import { singularPath } from './singular-path.ts';

/** A load as every script says it: what the target was found to have stands in it. */
export interface ScriptModel {
  plan: LoadPlan;
  /** Scheme, host and port; the script takes another from its environment. */
  origin: string;
  basePath: string;
  mcpPath: string;
  protocolVersion: string;
  hello: { method: string; params: JsonValue };
  /** What the modern era adds to the parameters of every request; null in the legacy one. */
  envelope: JsonValue;
  scenarios: ScriptScenario[];
  /** Calls of tools that are drawn from, by their names in the script. */
  pools: Map<string, ScriptPool>;
  thresholds: readonly Threshold[];
  abortOnFail: boolean;
  runTimeMs: number;
}

export interface ScriptScenario extends Omit<PreparedScenario, 'found' | 'teardown' | 'wait' | 'module'> {
  wait: Wait;
  /** By variable: those whose values the script takes from its environment. */
  secrets: ReadonlyMap<string, SecretVariable>;
}

/** `mcpName` is the value of the header `Mcp-Name`, where the era has one. */
export type ScriptPool = { name: string; mcpName?: string; params: JsonValue[] }[];

/** Puts together what was asked for and what the target has. */
export function scriptModel(
  plan: LoadPlan,
  { scenarios, endpointPath }: Preparation,
  options: Pick<ScriptModel, 'thresholds' | 'abortOnFail' | 'runTimeMs'>,
): ScriptModel {
  // Without the token: it is none of the script's.
  const wire = createWire(plan.era, undefined);
  const pools = new Map<string, ScriptPool>();
  const environment = new EnvironmentNames();
  return {
    ...options,
    plan,
    origin: new URL(plan.targetUrl).origin,
    basePath: basePathOf(plan.targetUrl),
    mcpPath: endpointPath,
    protocolVersion: wire.protocolVersion,
    hello: { method: wire.hello.method, params: ownParams(wire.hello, plan.era) },
    envelope: plan.era === 'modern' ? (parseParams(wire.hello)['_meta'] ?? null) : null,
    scenarios: scenarios.map(({ name, weight, protocol, wait, variables, start, tasks, stop }) => {
      const all = [start, stop, ...tasks.map(({ steps }) => steps)].flat();
      for (const step of all) addPool(step, wire, pools);
      const secrets = new Map(
        secretVariables(variables, all).map((variable) => {
          const value = variables[variable];
          const isText = typeof value === 'string';
          return [variable, { name: environment.nameFor(variable, value), isText }];
        }),
      );
      return { name, weight, protocol, wait: wait ?? plan.wait, variables, secrets, start, tasks, stop };
    }),
    pools,
  };
}

/** The names of the environment that a script wants. */
export function environmentOf({ scenarios }: ScriptModel): string[] {
  return [...new Set(scenarios.flatMap(({ secrets }) => [...secrets.values()].map(({ name }) => name)))];
}

/** What a script wants from who runs it, and what scripts of every engine say only nearly, in words. */
export function commonNotes({ plan, thresholds, scenarios }: ScriptModel): string[] {
  return [
    ...scenarios.flatMap(({ name, secrets }) =>
      [...secrets].map(
        ([variable, secret]) =>
          `Wanted in the environment: ${secret.name}, ${secret.isText ? 'the value' : 'as JSON the value'} of the variable ${variable} of ${name}.`,
      ),
    ),
    'Nearly: failures are counted by their kinds, without the words of the target that our engine adds.',
    ...(scenarios.some(({ protocol }) => protocol === 'mcp')
      ? ['Nearly: an event stream is read to its end, where our engine goes on with the answer.']
      : []),
    ...(thresholds.some(({ metric }) => metric.kind === 'rps')
      ? ['Nearly: the rate of a threshold is that of the whole test, its ramp included.']
      : []),
    ...(plan.tls?.ca === undefined
      ? []
      : [
          'Nearly: the script holds no certificates. Name the file of the private authority in SSL_CERT_FILE.',
        ]),
  ];
}

/** The name of the pool that a step draws from. */
export function poolName(step: PreparedStep & { kind: 'pool' }, pools: ScriptModel['pools']): string {
  const wanted = JSON.stringify(step.calls.map(({ name }) => name));
  for (const [name, pool] of pools) if (JSON.stringify(pool.map((call) => call.name)) === wanted) return name;
  return `TOOLS_${pools.size + 1}`;
}

function addPool(step: PreparedStep, wire: Wire, pools: ScriptModel['pools']): void {
  if (step.kind !== 'pool') return;
  pools.set(
    poolName(step, pools),
    step.calls.map(({ name, variants }) => {
      const [first] = variants;
      return {
        name,
        ...mcpNameOf(first, wire),
        params: variants.map((message) => ownParams(message, wire.era)),
      };
    }),
  );
}

function mcpNameOf(message: McpMessage | undefined, wire: Wire): { mcpName?: string } {
  const mcpName = message === undefined ? undefined : wire.headers(message, undefined)['mcp-name'];
  return mcpName === undefined ? {} : { mcpName };
}

/** A message of MCP as its era has it, but for the envelope. */
export function messageOf(
  { plan }: ScriptModel,
  { method, params, mcpName }: PreparedStep & { kind: 'mcp' },
): { params: JsonValue; mcpName?: string } {
  const wire = createWire(plan.era, undefined);
  const message = wire.message(method, params, mcpName);
  return { params: ownParams(message, plan.era), ...mcpNameOf(message, wire) };
}

function parseParams({ params }: McpMessage): Record<string, JsonValue> {
  return JSON.parse(params);
}

/** The parameters without the modern era's envelope, which the script adds itself. */
function ownParams(message: McpMessage, era: Era): JsonValue {
  const { _meta: envelope, ...own } = parseParams(message);
  return era === 'modern' || envelope === undefined ? own : { ...own, _meta: envelope };
}

/** What is done with an answer, as data that a script's own reader understands; undefined where there is nothing. */
export function handlingData({ extract, check }: AnswerHandling): JsonValue | undefined {
  const { status, contains, matches, json = [], withinMs } = check ?? {};
  const checks: JsonValue[] = [
    ...(contains === undefined ? [] : [{ kind: checkKinds.contains(contains), contains }]),
    ...(matches === undefined ? [] : [{ kind: checkKinds.matches(matches), matches }]),
    ...json.map(({ path, equals }) => ({
      kind: checkKinds.json(path, equals),
      path: singularPath(path) ?? [],
      equals,
    })),
    ...(withinMs === undefined ? [] : [{ kind: checkKinds.within(withinMs), within_ms: withinMs }]),
  ];
  const extractions: JsonValue[] = extract.map(({ variable, from }) =>
    from.kind === 'header'
      ? { variable, header: from.name }
      : { variable, path: singularPath(from.path) ?? [] },
  );
  if (status === undefined && checks.length === 0 && extractions.length === 0) return undefined;
  return {
    ...(status === undefined ? {} : { status: [...status] }),
    ...(checks.length === 0 ? {} : { checks }),
    ...(extractions.length === 0 ? {} : { extract: extractions }),
  };
}
