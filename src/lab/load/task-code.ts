import type { ActingUser } from './acting-user.ts';
import { compileStep } from './compile-step.ts';
import type { StepContext } from './compile-step.ts';
import type { PreparedStep } from './preparation.ts';
import { prepareStep } from './prepare-step.ts';
import type { JsonValue } from './scenarios/json-value.ts';
import { readStep } from './scenarios/step-definition.ts';
import type { StepDefinition } from './scenarios/step-definition.ts';

/** What the code of a task is given: the user that runs it. */
export interface ScenarioUser {
  /** The user's own variables; what steps extract is here. */
  readonly variables: Record<string, JsonValue>;
  /** Draws the next number in [0, 1) from the user's own sequence, the same in two runs with one seed. */
  random(): number;
  /**
   * Does one step as a scenario's data would say it, e.g. `{ request: 'GET /health' }` or `{ tool: 'echo', arguments: {…} }`,
   * and counts it. Resolves to the kind of failure, or undefined. Throws for a step that cannot be read.
   */
  step(step: StepDefinition): Promise<string | undefined>;
}

/** Runs a task's code for one user; what the code throws is thrown. */
export type CodeTask = (user: ActingUser, startMs: number) => Promise<void>;

/** Steps of code are compiled once each, by what they say; beyond this many different ones they are compiled each time. */
const maxCompiled = 1_000;

export function createCodeTask(run: (user: ScenarioUser) => unknown, context: StepContext): CodeTask {
  const compiled = new Map<string, ReturnType<typeof compileStep>>();
  const actionOf = (definition: StepDefinition): ReturnType<typeof compileStep> => {
    const key = JSON.stringify(definition);
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const action = compileStep(prepareCodeStep(definition), context);
    if (compiled.size < maxCompiled) compiled.set(key, action);
    return action;
  };
  return async (user, startMs) => {
    let atMs: number | undefined = startMs;
    await run({
      variables: user.variables,
      random: user.random,
      step(definition) {
        const stepStartMs = atMs ?? performance.now();
        atMs = undefined;
        return actionOf(definition)(user, stepStartMs);
      },
    });
  };
}

function prepareCodeStep(definition: StepDefinition): PreparedStep {
  const step = readStep(definition);
  // Without a pool of tools there are no arguments to make up: code gives its own.
  return prepareStep(step.kind === 'tool' ? { ...step, arguments: step.arguments ?? {} } : step);
}
