import { stringify } from 'yaml';
import { GaugewayError } from '../../../shared/errors.ts';
import type { ExecutorPlan } from '../executors/executor-plan.ts';
import type { Pause, Wait } from '../waits.ts';
import type { ScenarioDefinition } from './scenario-definition.ts';
import type {
  AnswerHandling,
  Check,
  Extraction,
  HttpBody,
  Scenario,
  ScenarioTask,
  Step,
} from './scenario.ts';
import type { StepDefinition } from './step-definition.ts';

type Stages = NonNullable<ScenarioDefinition['stages']>;
type RequestDefinition = Extract<StepDefinition, { request: string }>;
type CheckDefinition = NonNullable<RequestDefinition['check']>;

/**
 * What an author would have written to get this scenario: `readDefinition` makes the same one of it. What it would add by
 * itself is left out. Throws GaugewayError usage for a scenario that is not only data.
 */
export function writeDefinition(scenario: Scenario): ScenarioDefinition {
  const { name, description, protocol, variables, wait, executor, setup, start, tasks, stop, teardown } =
    scenario;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    users: protocol,
    ...(Object.keys(variables).length === 0 ? {} : { variables: { ...variables } }),
    ...(wait === undefined ? {} : { wait: writeWait(wait) }),
    ...(executor === undefined ? {} : { stages: writeStages(executor) }),
    ...(setup.length === 0 ? {} : { setup: setup.map(writeStep) }),
    ...(start.length === 0 ? {} : { start: start.map(writeStep) }),
    tasks: tasks.map(writeTask),
    ...(stop.length === 0 ? {} : { stop: stop.map(writeStep) }),
    ...(teardown.length === 0 ? {} : { teardown: teardown.map(writeStep) }),
  };
}

/** A definition as YAML that can be saved, edited and read again. */
export function renderDefinition(definition: ScenarioDefinition): string {
  return stringify(definition, { aliasDuplicateObjects: false, lineWidth: 120 });
}

/** One step as its author writes it. */
export function writeStep(step: Step): StepDefinition {
  switch (step.kind) {
    case 'http':
      return {
        request: `${step.method} ${step.path}`,
        ...(Object.keys(step.headers).length === 0 ? {} : { headers: { ...step.headers } }),
        ...(step.body === undefined ? {} : writeBody(step.body)),
        ...writeHandling(step),
      };
    case 'mcp':
      return {
        mcp: step.method,
        ...(Object.keys(step.params).length === 0 ? {} : { params: { ...step.params } }),
        ...(step.path === undefined ? {} : { path: step.path }),
        ...writeHandling(step),
      };
    case 'tool':
      return {
        tool: step.tool,
        ...(step.arguments === undefined ? {} : { arguments: { ...step.arguments } }),
        ...writeHandling(step),
      };
    case 'think':
      return { think: writePause(step.wait) };
    case 'session':
      return { session: 'new' };
  }
}

function writeTask({
  name,
  weight,
  optional,
  steps,
  code,
}: ScenarioTask): ScenarioDefinition['tasks'][number] {
  if (code !== undefined) {
    throw new GaugewayError(
      'usage',
      `the task ${name ?? code + 1} is a function of a module: it cannot be written as data`,
    );
  }
  return {
    ...(name === undefined ? {} : { name }),
    ...(weight === 1 ? {} : { weight }),
    ...(optional ? { optional } : {}),
    steps: steps.map(writeStep),
  };
}

function writeBody(body: HttpBody): Pick<RequestDefinition, 'json' | 'form' | 'body'> {
  switch (body.kind) {
    case 'json':
      return { json: body.value };
    case 'form':
      return { form: { ...body.fields } };
    case 'text':
      return { body: body.text };
  }
}

function writeHandling({ name, extract, check }: AnswerHandling & { name?: string }): {
  name?: string;
  extract?: Record<string, string>;
  check?: CheckDefinition;
} {
  return {
    ...(name === undefined ? {} : { name }),
    ...(extract.length === 0
      ? {}
      : { extract: Object.fromEntries(extract.map(({ variable, from }) => [variable, writeSource(from)])) }),
    ...(check === undefined ? {} : { check: writeCheck(check) }),
  };
}

function writeSource(from: Extraction['from']): string {
  return from.kind === 'json' ? from.path : `header ${from.name}`;
}

function writeCheck({ status, contains, matches, json, withinMs }: Check): CheckDefinition {
  const [onlyStatus, ...otherStatuses] = status ?? [];
  return {
    ...(onlyStatus === undefined
      ? {}
      : { status: otherStatuses.length === 0 ? onlyStatus : [onlyStatus, ...otherStatuses] }),
    ...(contains === undefined ? {} : { contains }),
    ...(matches === undefined ? {} : { matches }),
    ...(json.length === 0
      ? {}
      : { json: Object.fromEntries(json.map(({ path, equals }) => [path, equals])) }),
    ...(withinMs === undefined ? {} : { within: writeDuration(withinMs) }),
  };
}

function writeWait(wait: Wait): NonNullable<ScenarioDefinition['wait']> {
  switch (wait.kind) {
    case 'constant-pacing':
      return { pacing: writeDuration(wait.ms) };
    case 'constant-throughput':
      return { throughput: wait.tasksPerS };
    case 'constant':
    case 'between':
      return writePause(wait);
  }
}

function writePause(pause: Pause): string {
  return pause.kind === 'constant'
    ? writeDuration(pause.ms)
    : `${writeDuration(pause.minMs)}-${writeDuration(pause.maxMs)}`;
}

function writeStages(executor: ExecutorPlan): Stages {
  if (executor.kind === 'staged-users') {
    return executor.stages.map(({ durationMs, users }) => ({ duration: writeDuration(durationMs), users }));
  }
  if (executor.kind !== 'ramping-arrival-rate' || executor.startRatePerS !== 0) {
    throw new GaugewayError('usage', 'a scenario has stages of users, or of a rate that begins at 0');
  }
  return executor.stages.map(({ durationMs, ratePerS }) => ({
    duration: writeDuration(durationMs),
    rate: ratePerS,
  }));
}

/** Exact, unlike a time that is shown. */
function writeDuration(durationMs: number): string {
  return durationMs % 1000 === 0 ? `${durationMs / 1000}s` : `${durationMs}ms`;
}
