import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import type { Command } from 'commander';
import { loadPlanDefaults } from '../lab/load/load-plan.ts';
import type { LoadPlan } from '../lab/load/load-plan.ts';
import { formatDurationMs, parseDurationMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';

export interface GeneratorFlags {
  processes: number;
  stopTimeout: number;
}

/** The options of the generator's own processes, the same for every command that runs a load. */
export function addGeneratorOptions(command: Command): void {
  command
    .addOption(
      new Option('--processes <n>', 'generator processes that share the users; auto or -1: one per core')
        .argParser(processCount)
        .default(loadPlanDefaults.processes),
    )
    .addOption(
      new Option('-s, --stop-timeout <time>', 'how long requests in flight may take when the load is stopped')
        .argParser(parseDurationMs)
        .default(loadPlanDefaults.stopTimeoutMs, formatDurationMs(loadPlanDefaults.stopTimeoutMs)),
    );
}

export function generatorSettingsOf(flags: GeneratorFlags): Pick<LoadPlan, 'processes' | 'stopTimeoutMs'> {
  return { processes: flags.processes, stopTimeoutMs: flags.stopTimeout };
}

/** Reads a number from one on; `auto`, or Locust's `-1`, is one for each core. Throws `usage`. */
function processCount(text: string): number {
  if (text === 'auto' || text === '-1') return availableParallelism();
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new GaugewayError(
      'usage',
      `not a number of processes: '${text}' (write a number from 1 on, or auto)`,
    );
  }
  return Number(text);
}
