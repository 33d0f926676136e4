import { GaugewayError } from '../../shared/errors.ts';
import type { Action } from './acting-user.ts';
import { compileStep } from './compile-step.ts';
import type { StepContext } from './compile-step.ts';
import type { PreparedScenario, PreparedTask } from './preparation.ts';
import { importTasks } from './scenarios/read-scenario.ts';
import type { JsonValue } from './scenarios/json-value.ts';
import { createCodeTask } from './task-code.ts';
import type { CodeTask } from './task-code.ts';
import type { Wait } from './waits.ts';
import { WeightedDraw } from './weighted-draw.ts';

/** A prepared scenario whose steps are functions. */
export interface RunnableScenario {
  name: string;
  weight: number;
  protocol: 'mcp' | 'http';
  /** Undefined where the load decides. */
  wait: Wait | undefined;
  variables: Readonly<Record<string, JsonValue>>;
  found: Readonly<Record<string, JsonValue>>;
  start: readonly Action[];
  tasks: WeightedDraw<RunnableTask>;
  stop: readonly Action[];
}

/** A task does its actions, or its code. */
export interface RunnableTask {
  weight: number;
  actions: readonly Action[];
  code: CodeTask | undefined;
}

/** Compiles the steps, and loads the module of a scenario that has code. Throws GaugewayError usage when that fails. */
export async function makeRunnable(
  prepared: PreparedScenario,
  context: StepContext,
): Promise<RunnableScenario> {
  const { name: scenarioName, weight: userWeight, protocol, variables, found } = prepared;
  const { module, wait, tasks, start, stop } = prepared;
  const functions = module === undefined ? [] : await importTasks(module);
  const compileAll = (steps: PreparedTask['steps']): Action[] =>
    steps.map((step) => compileStep(step, context));
  return {
    name: scenarioName,
    weight: userWeight,
    protocol,
    variables,
    found,
    wait,
    start: compileAll(start),
    stop: compileAll(stop),
    tasks: new WeightedDraw(
      tasks.map(({ weight, steps, code, name }) => ({
        weight,
        actions: compileAll(steps),
        code: code === undefined ? undefined : codeOf(functions[code], name, context),
      })),
    ),
  };
}

function codeOf(run: unknown, name: string, context: StepContext): CodeTask {
  if (typeof run === 'function') return createCodeTask((user) => run(user), context);
  throw new GaugewayError('usage', `the task ${name} has no function any more: its module has changed`);
}
