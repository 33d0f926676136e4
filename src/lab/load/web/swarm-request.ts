import { z } from 'zod';
import { parseWaitMs } from '../../../shared/duration.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { maxUsers } from '../executors/executor-plan.ts';

/** What `POST /swarm` asks for. */
export interface SwarmRequest {
  users: number;
  spawnRate: number;
  host?: string;
  runTimeMs?: number;
  /** Names of scenarios, which Locust calls user classes. */
  scenarios?: readonly string[];
}

/** Each field by all the names that clients of Locust send it under, the newest first. */
const names = {
  users: ['user_count', 'users', 'locust_count'],
  spawnRate: ['spawn_rate', 'hatch_rate'],
} as const;

const fields = z.object({
  users: z.coerce.number().int().min(1).max(maxUsers),
  spawnRate: z.coerce.number().positive().max(maxUsers),
  host: z.string().max(2_000).optional(),
  run_time: z.coerce.string().max(20).optional(),
  user_classes: z.array(z.string().max(200)).max(20).optional(),
});

/** Reads the body, a form or JSON; fields that are not ours are ignored. Throws `usage` with the field at fault. */
export function parseSwarmRequest(contentType: string, body: string): SwarmRequest {
  const given = contentType.includes('application/json') ? parseJson(body) : parseForm(body);
  const parsed = fields.safeParse({
    ...given,
    users: firstOf(given, names.users),
    spawnRate: firstOf(given, names.spawnRate),
    user_classes: listOf(given['user_classes']),
  });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = String(issue?.path[0] ?? 'body');
    const shown = field === 'users' || field === 'spawnRate' ? names[field][0] : field;
    throw new GaugewayError('usage', `${shown}: ${issue?.message ?? 'is not valid'}`, { field: shown });
  }
  const { users, spawnRate, host = '', run_time: runTime = '', user_classes: classes = [] } = parsed.data;
  const trimmedHost = host.replace(/[<>]/g, '').trim();
  return {
    users,
    spawnRate,
    ...(trimmedHost === '' ? {} : { host: trimmedHost }),
    ...(runTime.trim() === '' ? {} : { runTimeMs: parseWaitMs(runTime.trim()) }),
    ...(classes.length === 0 ? {} : { scenarios: classes }),
  };
}

/** A field that may be given several times is a list of all its values. */
function parseForm(body: string): Record<string, unknown> {
  const form = new URLSearchParams(body);
  return { ...Object.fromEntries(form), user_classes: form.getAll('user_classes') };
}

function listOf(value: unknown): unknown {
  return value === undefined || Array.isArray(value) ? value : [value];
}

function parseJson(body: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  } catch (error) {
    throw new GaugewayError('usage', 'the body is not a JSON object', { cause: error });
  }
}

function firstOf(given: Record<string, unknown>, candidates: readonly string[]): unknown {
  return candidates.map((name) => given[name]).find((value) => value !== undefined && value !== '');
}
