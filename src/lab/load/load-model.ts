import { formatDurationMs, parseDurationMs } from '../../shared/duration.ts';
import { GaugewayError } from '../../shared/errors.ts';
import { maxUsers as mostUsers, usualMaxUsers } from './executors/executor-plan.ts';
import type { ExecutorPlan } from './executors/executor-plan.ts';
import type { LoadPlan } from './load-plan.ts';

type RateStages = Extract<ExecutorPlan, { kind: 'ramping-arrival-rate' }>['stages'];
type UserStages = Extract<ExecutorPlan, { kind: 'staged-users' }>['stages'];

/** What somebody says of when tasks begin, by option or by form; of the waits and the arrivals, one each at most. */
export interface LoadModelFields {
  users: number;
  /** Pause of a user between two tasks, in milliseconds. */
  think?: [number, number] | undefined;
  /** A user begins a task this often, in milliseconds. */
  constantPacing?: number | undefined;
  /** A user begins this many tasks a second. */
  constantThroughput?: number | undefined;
  /** Tasks a second; with `stages`, where their rate begins. */
  rate?: number | undefined;
  stages?: RateStages | undefined;
  /** In place of `users`. */
  userStages?: UserStages | undefined;
  maxUsers?: number | undefined;
}

/**
 * The part of a plan that the fields say; what they leave open is up to the scenarios and the plan's defaults. Throws
 * GaugewayError usage for one that has no meaning beside the others.
 */
export function loadModelOf(fields: LoadModelFields): Partial<Pick<LoadPlan, 'executor' | 'wait'>> {
  const wait = waitOf(fields);
  const executor = executorOf(fields);
  return { ...(wait === undefined ? {} : { wait }), ...(executor === undefined ? {} : { executor }) };
}

/** The scenarios, with the wait that was asked for in place of their own. */
export function withWait(
  scenarios: LoadPlan['scenarios'],
  wait: LoadPlan['wait'] | undefined,
): LoadPlan['scenarios'] {
  if (wait === undefined) return scenarios;
  return scenarios.map(({ scenario: { wait: _own, ...scenario }, ...rest }) => ({ ...rest, scenario }));
}

function executorOf(fields: LoadModelFields): LoadPlan['executor'] | undefined {
  const {
    users,
    rate,
    stages: planned,
    maxUsers = Math.min(mostUsers, Math.max(usualMaxUsers, users)),
  } = fields;
  if (fields.userStages !== undefined) return { kind: 'staged-users', stages: fields.userStages };
  if (planned !== undefined) {
    return { kind: 'ramping-arrival-rate', startRatePerS: rate ?? 0, stages: planned, maxUsers };
  }
  if (rate !== undefined) return { kind: 'constant-arrival-rate', ratePerS: rate, maxUsers };
  if (fields.maxUsers !== undefined) {
    throw new GaugewayError(
      'usage',
      '--max-users bounds the users of --rate or --stages, and there is neither',
    );
  }
  return undefined;
}

function waitOf({
  think,
  constantPacing,
  constantThroughput,
}: LoadModelFields): LoadPlan['wait'] | undefined {
  if (constantPacing !== undefined) return { kind: 'constant-pacing', ms: constantPacing };
  if (constantThroughput !== undefined) return { kind: 'constant-throughput', tasksPerS: constantThroughput };
  if (think === undefined) return undefined;
  const [minMs, maxMs] = think;
  return minMs === maxMs ? { kind: 'constant', ms: minMs } : { kind: 'between', minMs, maxMs };
}

/** Reads `100ms-500ms`, or one time for both bounds, in milliseconds. Throws `usage`. */
export function parseThinkTime(text: string): [number, number] {
  const [min = '', max = min, ...rest] = text.split('-');
  if (rest.length > 0) throw new GaugewayError('usage', `not a time or a range of times: '${text}'`);
  return [parseDurationMs(min), parseDurationMs(max)];
}

/** Reads `200/s` or `200`. Throws `usage`. */
export function parseRate(text: string): number {
  const value = Number(text.endsWith('/s') ? text.slice(0, -2) : text);
  if (!(value > 0 && value < 1e9)) throw new GaugewayError('usage', `not a positive number: '${text}'`);
  return value;
}

/** Reads `10s:50,30s:200`. Throws `usage`. */
export function parseRateStages(text: string): RateStages {
  return parseLevels(text, 'RATE').map(({ durationMs, level }) => ({ durationMs, ratePerS: level }));
}

/** Reads `30s:50,1m:200`. Throws `usage`. */
export function parseUserStages(text: string): UserStages {
  return parseLevels(text, 'USERS').map(({ durationMs, level }) => ({ durationMs, users: level }));
}

function parseLevels(text: string, of: 'RATE' | 'USERS'): { durationMs: number; level: number }[] {
  const pattern = of === 'RATE' ? /^([^:]+):(\d+(?:\.\d+)?)(?:\/s)?$/ : /^([^:]+):(\d+)$/;
  return text.split(',').map((part) => {
    const [, duration, level] = pattern.exec(part.trim()) ?? [];
    if (duration === undefined || level === undefined) {
      throw new GaugewayError('usage', `not a stage: '${part}' (write TIME:${of}, e.g. 10s:50,30s:200)`);
    }
    return { durationMs: parseDurationMs(duration), level: Number(level) };
  });
}

/** A model as its fields are written, the inverse of reading them. */
export type LoadModelText = Partial<
  Record<'think' | 'constantPacing' | 'constantThroughput' | 'rate' | 'stages' | 'maxUsers', string>
>;

/** The fields that give this model; none for what is up to the scenarios. */
export function loadModelText({
  executor,
  wait,
}: Partial<Pick<LoadPlan, 'executor' | 'wait'>>): LoadModelText {
  if (executor?.kind === 'constant-arrival-rate') {
    return { rate: String(executor.ratePerS), maxUsers: String(executor.maxUsers) };
  }
  if (executor?.kind === 'ramping-arrival-rate') {
    const { startRatePerS, stages, maxUsers } = executor;
    return {
      ...(startRatePerS > 0 ? { rate: String(startRatePerS) } : {}),
      stages: stages.map(({ durationMs, ratePerS }) => `${durationText(durationMs)}:${ratePerS}`).join(','),
      maxUsers: String(maxUsers),
    };
  }
  switch (wait?.kind) {
    case undefined:
      return {};
    case 'constant':
      return { think: durationText(wait.ms) };
    case 'between':
      return { think: `${durationText(wait.minMs)}-${durationText(wait.maxMs)}` };
    case 'constant-pacing':
      return { constantPacing: durationText(wait.ms) };
    case 'constant-throughput':
      return { constantThroughput: String(wait.tasksPerS) };
  }
}

/** Exact, where {@link formatDurationMs} rounds. */
export function durationText(durationMs: number): string {
  return durationMs >= 1000 && durationMs % 1000 === 0 ? formatDurationMs(durationMs) : `${durationMs}ms`;
}
