import { Option } from 'commander';
import type { Command } from 'commander';
import { eras, loadPlanDefaults } from '../lab/load/load-plan.ts';
import type { LoadPlan } from '../lab/load/load-plan.ts';
import { parseDurationMs } from '../shared/duration.ts';
import { positive, wholeNumber } from './option-values.ts';

export interface PlanFlags {
  token?: string;
  users: number;
  spawnRate?: number;
  iterations?: number;
  era: LoadPlan['era'];
  seed: number;
  requestTimeout: number;
}

/** The options that every command which plans a load has. `seedHelp` says what a seed keeps the same there. */
export function addPlanOptions(command: Command, seedHelp: string): Command {
  const defaults = loadPlanDefaults;
  return command
    .addOption(new Option('--token <token>', 'bearer token for the target').env('GAUGEWAY_TOKEN'))
    .option('-u, --users <n>', 'simulated users', wholeNumber, defaults.users)
    .option(
      '-r, --spawn-rate <n>',
      `users started per second (default: ${defaults.spawnRate}; in the open model all within a second)`,
      positive,
    )
    .option('--iterations <n>', 'end each user after this many tasks', wholeNumber)
    .addOption(new Option('--era <era>', 'MCP wire that users speak').choices(eras).default(defaults.era))
    .option('--seed <n>', seedHelp, wholeNumber, defaults.seed)
    .option(
      '--request-timeout <time>',
      'an answer that takes longer is a failure',
      parseDurationMs,
      defaults.requestTimeoutMs,
    );
}

/** What these options say of a plan. */
export function planSettingsOf(
  flags: PlanFlags,
): Pick<LoadPlan, 'users' | 'era' | 'seed' | 'requestTimeoutMs'> &
  Partial<Pick<LoadPlan, 'token' | 'spawnRate' | 'iterationsPerUser'>> {
  return {
    ...(flags.token === undefined ? {} : { token: flags.token }),
    users: flags.users,
    ...(flags.spawnRate === undefined ? {} : { spawnRate: flags.spawnRate }),
    ...(flags.iterations === undefined ? {} : { iterationsPerUser: flags.iterations }),
    era: flags.era,
    seed: flags.seed,
    requestTimeoutMs: flags.requestTimeout,
  };
}
