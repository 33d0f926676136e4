import { Option } from 'commander';
import type { Command } from 'commander';
import { builtInScenarios, defaultScenarioName } from '../lab/load/scenarios/built-in.ts';
import { readScenario } from '../lab/load/scenarios/read-scenario.ts';
import type { WeightedScenario } from '../lab/load/scenarios/scenario.ts';

export interface ScenarioFlags {
  scenario?: string[];
  server?: string;
}

/** The options that say what users do, the same for every command that runs a load. */
export function addScenarioOptions(command: Command): void {
  command
    .addOption(
      new Option(
        '--scenario <name|file[=weight]>',
        `what users do: ${[...builtInScenarios.keys()].join(', ')}, or a file (YAML, JSON, TypeScript); repeatable`,
      )
        .argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
        .default(undefined, defaultScenarioName),
    )
    .option('--server <name|id>', 'virtual server of the target to ask instead of all its tools');
}

/** Reads the scenarios that were named; the default one where none was. Throws GaugewayError usage. */
export function readScenarios({
  scenario = [defaultScenarioName],
}: ScenarioFlags): Promise<WeightedScenario[]> {
  return Promise.all(scenario.map(readScenario));
}
