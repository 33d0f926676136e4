import { z } from 'zod';
import { GaugewayError } from '../../shared/errors.ts';
import { executorSchema, maxUsers } from './executors/executor-plan.ts';
import { scenarioNames } from './scenarios/scenario.ts';
import { waitSchema } from './waits.ts';

/** The MCP wire that the users speak: sessions (up to 2025-11-25), or the stateless one (2026-07-28). */
export const eras = ['legacy', 'modern'] as const;
export type Era = (typeof eras)[number];

const loadPlanFields = z.strictObject({
  /** Base URL of the gateway (its MCP endpoint is `<targetUrl>/mcp`), or that endpoint itself. */
  targetUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  /** Bearer token; never logged. */
  token: z.string().max(16_384).optional(),
  /** In the open model: those whose sessions are open before the first arrival. */
  users: z.int().min(1).max(maxUsers),
  /** Users started per second. */
  spawnRate: z.number().positive().max(maxUsers),
  scenario: z.enum(scenarioNames),
  executor: executorSchema,
  /** Between two tasks of a user of the closed model; in the open model the clock decides. */
  wait: waitSchema,
  requestTimeoutMs: z.number().min(1).max(3_600_000),
  era: z.enum(eras),
  /** Two runs with the same seed draw the same tasks, arguments and pauses for each user. */
  seed: z.int(),
  /** Each user ends after this many tasks; without it a user goes on until it is stopped. */
  iterationsPerUser: z.int().min(1).optional(),
});

const loadPlanSchema = loadPlanFields
  .refine(({ executor, users }) => executor.kind === 'closed-users' || users <= executor.maxUsers, {
    path: ['users'],
    error: 'must not exceed the most users that arrivals may take',
  })
  .refine(
    ({ executor, iterationsPerUser }) => executor.kind === 'closed-users' || iterationsPerUser === undefined,
    {
      path: ['iterationsPerUser'],
      error: 'belongs to users that decide by themselves, not to arrivals',
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
  scenario: 'mcp-mixed',
  executor: { kind: 'closed-users' },
  wait: { kind: 'between', minMs: 50, maxMs: 300 },
  requestTimeoutMs: 30_000,
  era: 'legacy',
  seed: 1,
} satisfies Omit<LoadPlan, 'targetUrl'>;

/** Fills in the defaults and checks every bound; throws `usage` with the field at fault. */
export function createLoadPlan(settings: Partial<LoadPlan> & { targetUrl: string }): LoadPlan {
  const parsed = loadPlanSchema.safeParse({ ...loadPlanDefaults, ...settings });
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

/** What the generator made of the plan once it had seen the target's tools. */
export interface LoadPlanSummary {
  endpoint: string;
  scenario: string;
  era: Era;
  /** Protocol version that the target agreed to. */
  protocolVersion: string;
  /** Names under which the requests are counted, with their share (0..1) of the tasks. */
  tasks: { name: string; share: number }[];
  /** What the scenario asks for and this target cannot be asked fairly, each with its reason. */
  leftOut: { name: string; reason: string }[];
}
