import { type Command, Option } from 'commander';
import { type ProfilingSettings, usualProfiling } from '../lab/collect/profiling-settings.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { type ProcessRole, processRoles } from '../shared/stack-description.ts';
import { positive } from './option-values.ts';

export interface ProfilingFlags {
  /** Roles beside the gateway; false for `--no-profile`. */
  profile?: ProcessRole[] | false;
  profileWindow: number;
  profileRate?: number;
}

const roles = processRoles.filter((role) => role !== 'gateway').join(', ');
const shortestWindowMs = 1000;
/** V8 and perf can do more, to the cost of what they watch. */
const highestRateHz = 10_000;

/** How a run profiles what it watches. */
export function addProfilingOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--profile <role>',
        `profile processes of this role beside the gateway, repeatable: ${roles}`,
      ).argParser(oneMore),
    )
    .option('--no-profile', 'take no CPU profiles')
    .addOption(
      new Option('--profile-window <time>', 'length of one CPU profile on the timeline')
        .argParser(parseWaitMs)
        .default(usualProfiling.windowMs, '5s'),
    )
    .option('--profile-rate <hz>', 'samples a second of a CPU profile (default: 100)', positive);
}

/** Throws GaugewayError usage. */
export function profilingOf({ profile = [], profileWindow, profileRate }: ProfilingFlags): ProfilingSettings {
  if (profileWindow < shortestWindowMs) {
    throw new GaugewayError('usage', '--profile-window takes 1s or more: a shorter one tells nothing');
  }
  if (profileRate !== undefined && profileRate > highestRateHz) {
    throw new GaugewayError('usage', `--profile-rate takes up to ${highestRateHz} samples a second`);
  }
  return {
    enabled: profile !== false,
    roles: profile === false ? [] : profile,
    windowMs: profileWindow,
    rateHz: profileRate,
  };
}

function oneMore(text: string, before: ProcessRole[] | false | undefined): ProcessRole[] {
  const role = processRoles.find((each) => each === text);
  if (role === undefined) {
    throw new GaugewayError('usage', `--profile takes one of ${roles}, not '${text}'`);
  }
  return [...(before === undefined || before === false ? [] : before), role];
}
