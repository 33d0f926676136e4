import { Option } from 'commander';
import type { Command } from 'commander';
import type { LoadPlan } from '../lab/load/load-plan.ts';
import { maxUsers as mostUsers } from '../lab/load/executors/executor-plan.ts';
import { parseDurationMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { positive, thinkTime, wholeNumber } from './option-values.ts';

type RateStages = Extract<LoadPlan['executor'], { kind: 'ramping-arrival-rate' }>['stages'];
type UserStages = Extract<LoadPlan['executor'], { kind: 'staged-users' }>['stages'];

export interface LoadModelFlags {
  users: number;
  think?: [number, number];
  constantPacing?: number;
  constantThroughput?: number;
  rate?: number;
  stages?: RateStages;
  userStages?: UserStages;
  maxUsers?: number;
}

/** Users that arrivals may take when nothing is said; enough for 1,000 tasks a second that take a second each. */
const usualMaxUsers = 1000;

/** The options that say when tasks begin, the same for every command that runs a load. */
export function addLoadModelOptions(command: Command, think: string): void {
  command
    .addOption(
      new Option(
        '--think <min-max>',
        `pause of a user between two tasks; one time for both bounds is constant (default: the scenario's, or ${think})`,
      ).argParser(thinkTime),
    )
    .addOption(
      new Option('--constant-pacing <time>', 'a user begins a task this often, however long each takes')
        .argParser(parseDurationMs)
        .conflicts(['constantThroughput', 'think']),
    )
    .addOption(
      new Option('--constant-throughput <n>', 'a user begins this many tasks a second, if it can')
        .argParser(perSecond)
        .conflicts('think'),
    )
    .addOption(
      new Option(
        '--user-stages <time:users,...>',
        "users whose number goes in straight lines from 0, e.g. '30s:50,1m:200,30s:0'; ends with the last stage",
      )
        .argParser(userStages)
        .conflicts(['ui', 'users', 'spawnRate', 'iterations', 'rate', 'stages', 'maxUsers']),
    )
    .addOption(
      new Option('--rate <n/s>', 'open model: tasks arrive at this rate, whatever the target does')
        .argParser(perSecond)
        .conflicts(['ui', 'think', 'constantPacing', 'constantThroughput']),
    )
    .addOption(
      new Option(
        '--stages <time:rate,...>',
        "open model whose rate goes in straight lines, e.g. '10s:50,30s:200'; begins at --rate, or 0",
      )
        .argParser(rateStages)
        .conflicts(['ui', 'think', 'constantPacing', 'constantThroughput']),
    )
    .option(
      '--max-users <n>',
      `open model: most users to take; arrivals that find all of them busy are dropped and counted (default: ${usualMaxUsers}, or --users)`,
      wholeNumber,
    );
}

/**
 * The part of a plan that the options say; what they leave open is up to the scenarios and the plan's defaults. Throws
 * GaugewayError usage for one that has no meaning beside the others.
 */
export function loadModelOf(
  flags: LoadModelFlags,
  scenarios: LoadPlan['scenarios'],
): Pick<LoadPlan, 'users' | 'scenarios'> & Partial<Pick<LoadPlan, 'executor' | 'wait'>> {
  const wait = waitOf(flags);
  const executor = executorOf(flags);
  return {
    users: executor?.kind === 'staged-users' ? mostUsersOf(executor.stages) : flags.users,
    // A wait that was asked for is that of every scenario.
    scenarios: wait === undefined ? scenarios : scenarios.map(withoutWait),
    ...(wait === undefined ? {} : { wait }),
    ...(executor === undefined ? {} : { executor }),
  };
}

function mostUsersOf(planned: UserStages): number {
  return Math.max(1, ...planned.map(({ users }) => users));
}

function withoutWait({
  scenario: { wait: _own, ...scenario },
  ...rest
}: LoadPlan['scenarios'][number]): LoadPlan['scenarios'][number] {
  return { ...rest, scenario };
}

function executorOf(flags: LoadModelFlags): LoadPlan['executor'] | undefined {
  const {
    users,
    rate,
    stages: planned,
    maxUsers = Math.min(mostUsers, Math.max(usualMaxUsers, users)),
  } = flags;
  if (flags.userStages !== undefined) return { kind: 'staged-users', stages: flags.userStages };
  if (planned !== undefined) {
    return { kind: 'ramping-arrival-rate', startRatePerS: rate ?? 0, stages: planned, maxUsers };
  }
  if (rate !== undefined) return { kind: 'constant-arrival-rate', ratePerS: rate, maxUsers };
  if (flags.maxUsers !== undefined) {
    throw new GaugewayError(
      'usage',
      '--max-users bounds the users of --rate or --stages, and there is neither',
    );
  }
  return undefined;
}

function waitOf({ think, constantPacing, constantThroughput }: LoadModelFlags): LoadPlan['wait'] | undefined {
  if (constantPacing !== undefined) return { kind: 'constant-pacing', ms: constantPacing };
  if (constantThroughput !== undefined) return { kind: 'constant-throughput', tasksPerS: constantThroughput };
  if (think === undefined) return undefined;
  const [minMs, maxMs] = think;
  return minMs === maxMs ? { kind: 'constant', ms: minMs } : { kind: 'between', minMs, maxMs };
}

/** Reads `200/s` or `200`. Throws `usage`. */
function perSecond(text: string): number {
  return positive(text.endsWith('/s') ? text.slice(0, -2) : text);
}

/** Reads `10s:50,30s:200`. Throws `usage`. */
function rateStages(text: string): RateStages {
  return stages(text, 'RATE').map(({ durationMs, level }) => ({ durationMs, ratePerS: level }));
}

/** Reads `30s:50,1m:200`. Throws `usage`. */
function userStages(text: string): UserStages {
  return stages(text, 'USERS').map(({ durationMs, level }) => ({ durationMs, users: level }));
}

function stages(text: string, of: 'RATE' | 'USERS'): { durationMs: number; level: number }[] {
  const pattern = of === 'RATE' ? /^([^:]+):(\d+(?:\.\d+)?)(?:\/s)?$/ : /^([^:]+):(\d+)$/;
  return text.split(',').map((part) => {
    const [, duration, level] = pattern.exec(part.trim()) ?? [];
    if (duration === undefined || level === undefined) {
      throw new GaugewayError('usage', `not a stage: '${part}' (write TIME:${of}, e.g. 10s:50,30s:200)`);
    }
    return { durationMs: parseDurationMs(duration), level: Number(level) };
  });
}
