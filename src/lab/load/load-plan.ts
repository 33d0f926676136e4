import { z } from 'zod';
import { GaugewayError } from '../../shared/errors.ts';
import { executorSchema, isOpenModel, maxUsers } from './executors/executor-plan.ts';
import { builtInScenarios, defaultScenarioName } from './scenarios/built-in.ts';
import type { WeightedScenario } from './scenarios/scenario.ts';
import { tlsSettingsSchema } from './tls-settings.ts';
import { waitSchema } from './waits.ts';

/** The MCP wire that the users speak: sessions (up to 2025-11-25), or the stateless one (2026-07-28). */
export const eras = ['legacy', 'modern'] as const;
export type Era = (typeof eras)[number];

/** More processes than this get in each other's way, whatever the machine. */
const maxProcesses = 64;

const loadPlanFields = z.strictObject({
  /** Base URL of the gateway (its MCP endpoint is `<targetUrl>/mcp`), or that endpoint itself. */
  targetUrl: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    // It is shown on pages, in reports and in logs.
    .refine((url) => !hasUserInfo(url), {
      error: 'must be without user and password, which would be shown: use --token',
    }),
  /** Bearer token; never logged. */
  token: z.string().max(16_384).optional(),
  tls: tlsSettingsSchema.optional(),
  /** In the open model: those whose sessions are open before the first arrival. */
  users: z.int().min(1).max(maxUsers),
  /** Users started per second. */
  spawnRate: z.number().positive().max(maxUsers),
  /** What users do; each user keeps to one of them, drawn by their weights. They were checked when they were read. */
  scenarios: z.array(z.custom<WeightedScenario>()).min(1).max(20),
  /** Name or id of a virtual server of the target that is asked instead of all its tools. */
  server: z.string().min(1).max(200).optional(),
  executor: executorSchema,
  /** Between two tasks of a user of the closed model; in the open model the clock decides. */
  wait: waitSchema,
  requestTimeoutMs: z.number().min(1).max(3_600_000),
  era: z.enum(eras),
  /** Two runs with the same seed draw the same tasks, arguments and pauses for each user. */
  seed: z.int(),
  /** Each user ends after this many tasks; without it a user goes on until it is stopped. */
  iterationsPerUser: z.int().min(1).optional(),
  /** Generator processes, which share the users. */
  processes: z.int().min(1).max(maxProcesses),
  /** How long requests in flight may take to finish when the load is stopped. */
  stopTimeoutMs: z.number().min(0).max(3_600_000),
  /** Requests of users tell the target, as a trace context, which load they belong to; without it they tell nothing. */
  traceContext: z.strictObject({ runId: z.string().min(1).max(200) }).optional(),
});

const loadPlanSchema = loadPlanFields
  .refine(({ executor, users }) => !isOpenModel(executor) || users <= executor.maxUsers, {
    path: ['users'],
    error: 'must not exceed the most users that arrivals may take',
  })
  .refine(({ executor, processes }) => !isOpenModel(executor) || processes <= executor.maxUsers, {
    path: ['processes'],
    error: 'must not exceed the most users that arrivals may take',
  })
  .refine(
    ({ executor, iterationsPerUser }) => executor.kind === 'closed-users' || iterationsPerUser === undefined,
    {
      path: ['iterationsPerUser'],
      error: 'belongs to users that decide by themselves, not to arrivals or stages',
    },
  );

/** What the generator is told to do. */
export type LoadPlan = z.infer<typeof loadPlanSchema>;

/**
 * Every setting but the target has a default. The think time is that of ContextForge's own MCP agent
 * users (0.05 to 0.3 s), so that figures compare.
 */
export const loadPlanDefaults = {
  users: 50,
  spawnRate: 10,
  executor: { kind: 'closed-users' },
  wait: { kind: 'between', minMs: 50, maxMs: 300 },
  requestTimeoutMs: 30_000,
  era: 'legacy',
  seed: 1,
  processes: 1,
  stopTimeoutMs: 5_000,
} satisfies Omit<LoadPlan, 'targetUrl' | 'scenarios'>;

/** Fills in the defaults and checks every bound; throws `usage` with the field at fault. */
export function createLoadPlan(settings: Partial<LoadPlan> & { targetUrl: string }): LoadPlan {
  const scenarios = settings.scenarios ?? [builtIn(defaultScenarioName)];
  const [staged, ...more] = scenarios.flatMap(({ scenario }) => scenario.executor ?? []);
  if (settings.executor === undefined && more.length > 0) {
    throw new GaugewayError('usage', 'load plan: scenarios: only one of them can have stages');
  }
  const executor = settings.executor ?? staged ?? loadPlanDefaults.executor;
  // Stages of users say themselves how many there will be.
  const users = executor.kind === 'staged-users' ? { users: mostUsersOf(executor.stages) } : {};
  // In the open model the spawn rate only delays the first arrival: sessions are to be open within a second.
  const opening = isOpenModel(executor) ? { spawnRate: settings.users ?? loadPlanDefaults.users } : {};
  const parsed = loadPlanSchema.safeParse({
    ...loadPlanDefaults,
    ...opening,
    ...settings,
    ...users,
    scenarios,
    executor,
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path[0];
  throw new GaugewayError(
    'usage',
    `load plan: ${String(field ?? 'input')}: ${issue?.message ?? 'is not valid'}`,
    {
      cause: parsed.error,
      ...(field === undefined ? {} : { field: String(field) }),
    },
  );
}

function hasUserInfo(targetUrl: string): boolean {
  const { username = '', password = '' } = URL.parse(targetUrl) ?? {};
  return username !== '' || password !== '';
}

function mostUsersOf(stages: readonly { users: number }[]): number {
  return Math.max(1, ...stages.map(({ users }) => users));
}

/** The names of a plan's scenarios, as they are shown. */
export function scenarioNamesOf({ scenarios }: Pick<LoadPlan, 'scenarios'>): string {
  return scenarios.map(({ scenario }) => scenario.name).join(', ');
}

/** A built-in scenario as a plan takes it. Throws GaugewayError usage for a name that there is not. */
export function builtIn(name: string, weight = 1): WeightedScenario {
  const scenario = builtInScenarios.get(name);
  if (scenario !== undefined) return { weight, scenario };
  throw new GaugewayError(
    'usage',
    `no scenario '${name}': there are ${[...builtInScenarios.keys()].join(', ')}`,
  );
}

/** What the generator made of the plan once it had seen the target's tools. */
export interface LoadPlanSummary {
  endpoint: string;
  scenario: string;
  era: Era;
  /** Protocol version that the target agreed to, where users speak MCP. */
  protocolVersion?: string;
  /** Names under which requests are counted, with their share (0..1) of those that tasks make. */
  tasks: { name: string; share: number }[];
  /** What the scenario asks for and this target cannot be asked fairly, each with its reason. */
  leftOut: { name: string; reason: string }[];
}
