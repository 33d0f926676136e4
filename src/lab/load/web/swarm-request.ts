import { z } from 'zod';
import { parseDurationMs, parseWaitMs } from '../../../shared/duration.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { maxUsers } from '../executors/executor-plan.ts';
import { loadModelOf, parseRate, parseRateStages, parseThinkTime } from '../load-model.ts';
import { eras } from '../load-plan.ts';
import type { LoadPlan } from '../load-plan.ts';

/**
 * What a request may set beside users, host and scenarios: when tasks begin, and how they are sent. The first two are up
 * to the scenarios where nothing is said.
 */
export type LoadSettings = Partial<Pick<LoadPlan, 'executor' | 'wait'>> &
  Pick<LoadPlan, 'era' | 'requestTimeoutMs'>;

/** What `POST /swarm` asks for. */
export interface SwarmRequest {
  users: number;
  spawnRate: number;
  host?: string;
  /** From now on. */
  runTimeMs?: number;
  /** Names of scenarios, which Locust calls user classes. */
  scenarios?: readonly string[];
  /** Those that are given. */
  settings: Partial<LoadSettings>;
}

/** Each field by all the names that clients of Locust send it under, the newest first. */
const names = {
  users: ['user_count', 'users', 'locust_count'],
  spawnRate: ['spawn_rate', 'hatch_rate'],
} as const;

const text = z.coerce.string().max(2_000).optional();
const fields = z.object({
  users: z.coerce.number().int().min(1).max(maxUsers),
  spawnRate: z.coerce.number().positive().max(maxUsers),
  host: z.string().max(2_000).optional(),
  run_time: text,
  user_classes: z.array(z.string().max(200)).max(20).optional(),
  shape_class: z
    .literal(['Default', ''], {
      error: 'there are no shapes: give stages of an arrival rate (stages=10s:50)',
    })
    .optional(),
  era: z.enum([...eras, '']).optional(),
  request_timeout: text,
  think: text,
  constant_pacing: text,
  constant_throughput: text,
  rate: text,
  stages: text,
  max_users: z.union([z.literal(''), z.coerce.number().int().min(1).max(maxUsers)]).optional(),
});
type Fields = z.infer<typeof fields>;

/** Reads the body, a form or JSON; fields that are not ours are ignored. Throws `usage` with the field at fault. */
export function parseSwarmRequest(contentType: string, body: string): SwarmRequest {
  const given = contentType.includes('application/json') ? parseJsonObject(body) : parseForm(body);
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
    settings: settingsOf(parsed.data),
  };
}

/** Reads a body that must be one JSON object. Throws `usage`. */
export function parseJsonObject(body: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  } catch (error) {
    throw new GaugewayError('usage', 'the body is not a JSON object', { cause: error });
  }
}

function settingsOf(given: Fields): Partial<LoadSettings> {
  const { era, request_timeout: timeout } = given;
  return {
    ...(era === undefined || era === '' ? {} : { era }),
    ...(timeout === undefined || timeout === '' ? {} : { requestTimeoutMs: parseDurationMs(timeout) }),
    ...modelOf(given),
  };
}

/** Nothing where no field of the model is given. */
function modelOf(given: Fields): Pick<LoadSettings, 'executor' | 'wait'> {
  const said = (name: 'think' | 'constant_pacing' | 'constant_throughput' | 'rate' | 'stages') => {
    const value = given[name]?.trim() ?? '';
    return value === '' ? undefined : value;
  };
  const [think, pacing, throughput, rate, stages] = [
    said('think'),
    said('constant_pacing'),
    said('constant_throughput'),
    said('rate'),
    said('stages'),
  ];
  const maxArrivalUsers = given.max_users === '' ? undefined : given.max_users;
  const paces = [think, pacing, throughput].filter((value) => value !== undefined).length;
  const arrives = rate !== undefined || stages !== undefined;
  if (paces > 1 || (paces > 0 && arrives)) {
    throw new GaugewayError(
      'usage',
      'give one of think, constant_pacing, constant_throughput or rate and stages',
    );
  }
  if (maxArrivalUsers !== undefined && !arrives) {
    throw new GaugewayError('usage', 'max_users: bounds the users of rate or stages, and there is neither');
  }
  return loadModelOf({
    users: given.users,
    think: think === undefined ? undefined : parseThinkTime(think),
    constantPacing: pacing === undefined ? undefined : parseDurationMs(pacing),
    constantThroughput: throughput === undefined ? undefined : parseRate(throughput),
    rate: rate === undefined ? undefined : parseRate(rate),
    stages: stages === undefined ? undefined : parseRateStages(stages),
    maxUsers: maxArrivalUsers,
  });
}

/** A field that may be given several times is a list of all its values. */
function parseForm(body: string): Record<string, unknown> {
  const form = new URLSearchParams(body);
  return { ...Object.fromEntries(form), user_classes: form.getAll('user_classes') };
}

function listOf(value: unknown): unknown {
  return value === undefined || Array.isArray(value) ? value : [value];
}

function firstOf(given: Record<string, unknown>, candidates: readonly string[]): unknown {
  return candidates.map((name) => given[name]).find((value) => value !== undefined && value !== '');
}
