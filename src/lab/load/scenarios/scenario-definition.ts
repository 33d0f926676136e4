import { z } from 'zod';
import { isRecord } from '../../../protocol/record.ts';
import { parseDurationMs } from '../../../shared/duration.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { executorSchema, usualMaxUsers } from '../executors/executor-plan.ts';
import type { ExecutorPlan } from '../executors/executor-plan.ts';
import { waitSchema } from '../waits.ts';
import type { Wait } from '../waits.ts';
import { checkVariables } from './check-variables.ts';
import { parsePause } from './parse-pause.ts';
import type { Scenario, ScenarioTask, Step } from './scenario.ts';
import { byVariable, readBy, stepSchema, templatedJson } from './step-definition.ts';

/** The most steps of one list. */
export const maxSteps = 200;
export const maxTasks = 200;

const steps = z.array(stepSchema).max(maxSteps).default([]);

const pacedWait = z.union([
  z
    .strictObject({ pacing: readBy(parseDurationMs) })
    .transform(({ pacing }): Wait => ({ kind: 'constant-pacing', ms: pacing })),
  z
    .strictObject({ throughput: z.number() })
    .transform(({ throughput }): Wait => ({ kind: 'constant-throughput', tasksPerS: throughput })),
]);
const wait = z
  .union([readBy((text): Wait => parsePause(text)), pacedWait], {
    error: 'write a time (1s), a range (1s-2s), { pacing: 1s } or { throughput: 2 }',
  })
  .pipe(waitSchema);

const duration = readBy(parseDurationMs);
const userStages = z.array(z.strictObject({ duration, users: z.int() })).transform((list): ExecutorPlan => ({
  kind: 'staged-users',
  stages: list.map(({ duration: durationMs, users }) => ({ durationMs, users })),
}));
const rateStages = z
  .array(z.strictObject({ duration, rate: z.number() }))
  .transform((list): ExecutorPlan => ({
    kind: 'ramping-arrival-rate',
    startRatePerS: 0,
    stages: list.map(({ duration: durationMs, rate }) => ({ durationMs, ratePerS: rate })),
    maxUsers: usualMaxUsers,
  }));
const stages = z
  .union([userStages, rateStages], {
    error: 'stages are a list of { duration: 30s, users: 50 }, or of { duration: 30s, rate: 100 } a second',
  })
  .pipe(executorSchema);

const task = z
  .strictObject({
    name: z.string().min(1).max(200).optional(),
    weight: z.number().positive().max(1e6).default(1),
    optional: z.boolean().default(false),
    steps: z.array(stepSchema).max(maxSteps).default([]),
    run: z.unknown().optional(),
  })
  .superRefine(({ steps: given, run }, context) => {
    if (given.length > 0 === (run !== undefined)) {
      context.addIssue({ code: 'custom', message: 'a task has steps, or in a module a function run' });
    } else if (run !== undefined && typeof run !== 'function') {
      context.addIssue({
        code: 'custom',
        path: ['run'],
        message: 'must be a function: only modules have code',
      });
    }
  });

const definition = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,100}$/, { error: 'letters, digits, _, . and - only' }),
  description: z.string().max(2_000).optional(),
  users: z.enum(['mcp', 'http']).optional(),
  variables: byVariable(templatedJson).default({}),
  wait: wait.optional(),
  stages: stages.optional(),
  setup: steps,
  start: steps,
  tasks: z.array(task).min(1, { error: 'a scenario has at least one task' }).max(maxTasks),
  stop: steps,
  teardown: steps,
});

/** What an author writes: the object that a module exports, or what YAML and JSON hold. */
export type ScenarioDefinition = z.input<typeof definition>;

/** A mistake in a scenario, with the place of it (keys and indexes from the outside in). */
export class ScenarioError extends GaugewayError {
  readonly at: readonly (string | number)[];

  constructor(at: readonly (string | number)[], message: string) {
    super('usage', at.length === 0 ? message : `${formatPath(at)}: ${message}`);
    this.at = at;
  }
}

/** Reads what an author wrote. Throws {@link ScenarioError} with the first mistake. */
export function readDefinition(value: unknown): Scenario {
  const parsed = definition.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = (issue?.path ?? []).map((part) => (typeof part === 'number' ? part : String(part)));
    throw new ScenarioError(at, messageFor(value, issue));
  }
  const { users, stages: executor, wait: pause, tasks, description, ...rest } = parsed.data;
  const scenario: Scenario = {
    ...rest,
    ...(description === undefined ? {} : { description }),
    protocol: users ?? (speaksMcp(parsed.data) ? 'mcp' : 'http'),
    ...(pause === undefined ? {} : { wait: pause }),
    ...(executor === undefined ? {} : { executor }),
    tasks: tasks.map(({ run, name, ...given }, index): ScenarioTask => ({
      ...given,
      ...(name === undefined ? {} : { name }),
      ...(run === undefined ? {} : { code: index }),
    })),
  };
  const mistake = checkVariables(scenario) ?? checkProtocol(scenario);
  if (mistake !== undefined) throw new ScenarioError(mistake.at, mistake.message);
  return scenario;
}

function messageFor(value: unknown, issue: z.core.$ZodIssue | undefined): string {
  if (!isRecord(value)) return 'a scenario is an object with name and tasks';
  return issue?.message ?? 'is not valid';
}

function speaksMcp({ setup, start, tasks, stop, teardown }: z.output<typeof definition>): boolean {
  const all = [setup, start, stop, teardown, ...tasks.map((each) => each.steps)].flat();
  return all.some(needsSession) || tasks.some(({ run }) => run !== undefined);
}

function needsSession(step: Step): boolean {
  return step.kind === 'tool' || step.kind === 'session' || (step.kind === 'mcp' && step.path === undefined);
}

/** Users without a session cannot speak MCP; nor can setup and teardown, which belong to no user. */
function checkProtocol(scenario: Scenario): { at: (string | number)[]; message: string } | undefined {
  if (scenario.protocol === 'mcp') return undefined;
  const { start, stop, setup, teardown } = scenario;
  const parts: [at: (string | number)[], steps: readonly Step[]][] = [
    ...Object.entries({ setup, start, stop, teardown }).map(([name, list]): [string[], readonly Step[]] => [
      [name],
      list,
    ]),
    ...scenario.tasks.map(({ steps: list }, index): [(string | number)[], readonly Step[]] => [
      ['tasks', index, 'steps'],
      list,
    ]),
  ];
  for (const [at, list] of parts) {
    const index = list.findIndex(needsSession);
    if (index >= 0) return { at: [...at, index], message: 'needs an MCP session: write users: mcp' };
  }
  return undefined;
}

function formatPath(at: readonly (string | number)[]): string {
  return at.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}
