import { z } from 'zod';
import { GaugewayError } from '../../shared/errors.ts';
import { scenarioNames } from './scenarios/scenario.ts';

/** The MCP wire that the users speak: sessions (up to 2025-11-25), or the stateless one (2026-07-28). */
export const eras = ['legacy', 'modern'] as const;
export type Era = (typeof eras)[number];

/** The most users that one generator process may be asked for; each of them can hold one socket. */
export const maxUsers = 20_000;

const loadPlanSchema = z.strictObject({
  /** Base URL of the gateway (its MCP endpoint is `<targetUrl>/mcp`), or that endpoint itself. */
  targetUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  /** Bearer token; never logged. */
  token: z.string().max(16_384).optional(),
  users: z.int().min(1).max(maxUsers),
  /** Users started per second. */
  spawnRate: z.number().positive().max(maxUsers),
  scenario: z.enum(scenarioNames),
  /** Bounds of the uniformly drawn pause between two requests of a user, in milliseconds. */
  thinkMs: z
    .tuple([z.number().min(0).max(3_600_000), z.number().min(0).max(3_600_000)])
    .refine(([min, max]) => min <= max, { error: 'the lower bound must not exceed the upper one' }),
  requestTimeoutMs: z.number().min(1).max(3_600_000),
  era: z.enum(eras),
  /** Two runs with the same seed draw the same tasks, arguments and pauses for each user. */
  seed: z.int(),
  /** Each user ends after this many tasks; without it a user goes on until it is stopped. */
  iterationsPerUser: z.int().min(1).optional(),
});

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
  thinkMs: [50, 300],
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
