import { Option } from 'commander';
import type { Command } from 'commander';
import { builtInScenarios, defaultScenarioName } from '../lab/load/scenarios/built-in.ts';
import { readScenario } from '../lab/load/scenarios/read-scenario.ts';
import type { WeightedScenario } from '../lab/load/scenarios/scenario.ts';
import { readDefinition } from '../lab/load/scenarios/scenario-definition.ts';
import { GaugewayError } from '../shared/errors.ts';
import { isLoopbackHost } from '../shared/loopback.ts';
import { addRecordingOptions, readRecordings, tellLeftOut } from './recording-options.ts';
import type { RecordingFlags } from './recording-options.ts';

export interface ScenarioFlags extends RecordingFlags {
  scenario?: string[];
  server?: string;
  /** Those that were made of recordings, before the command begins. */
  recorded?: WeightedScenario[];
}

/**
 * The options that say what users do, the same for every command that runs a load. A recording that is named also says
 * what the target is, where none is named.
 */
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
  addRecordingOptions(command);
  command.hook('preAction', async (_program, asked) => {
    // Also called for a command below this one, which has the options, and this hook, itself.
    if (asked !== command) return;
    const flags: ScenarioFlags = asked.opts();
    const recordings = await readRecordings(flags);
    recordings.forEach(tellLeftOut);
    asked.setOptionValue(
      'recorded',
      recordings.map(({ definition }) => ({ weight: 1, scenario: readDefinition(definition) })),
    );
    if (flags.target !== undefined) return;
    const [origin, other] = new Set(recordings.map((recording) => recording.origin));
    if (other !== undefined)
      throw new GaugewayError('usage', 'recorded at several places: name the --target');
    if (origin === undefined) return;
    if (flags.token !== undefined && !isLoopbackHost(new URL(origin).hostname)) {
      throw new GaugewayError(
        'usage',
        `the token is sent to no place that only a recording names: say --target ${origin} to have it sent there`,
      );
    }
    asked.setOptionValueWithSource('target', origin, 'implied');
  });
}

/** Reads the scenarios that were asked for; the default one where none was. Throws GaugewayError usage. */
export async function readScenarios({ scenario, recorded = [] }: ScenarioFlags): Promise<WeightedScenario[]> {
  const named = scenario ?? (recorded.length === 0 ? [defaultScenarioName] : []);
  return [...(await Promise.all(named.map(readScenario))), ...recorded];
}
