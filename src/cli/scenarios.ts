import { Option } from 'commander';
import type { Command } from 'commander';
import { builtInScenarios } from '../lab/load/scenarios/built-in.ts';
import { readScenario } from '../lab/load/scenarios/read-scenario.ts';
import { readDefinition } from '../lab/load/scenarios/scenario-definition.ts';
import type { Scenario } from '../lab/load/scenarios/scenario.ts';
import { renderDefinition, writeDefinition } from '../lab/load/scenarios/write-definition.ts';
import { GaugewayError } from '../shared/errors.ts';
import { addRecordingOptions, readRecordings, tellLeftOut } from './recording-options.ts';
import type { RecordingFlags } from './recording-options.ts';
import { addTlsOptions } from './tls-options.ts';

interface ScenariosFlags extends RecordingFlags {
  json: boolean;
}

export function registerScenarios(program: Command): void {
  const command = program
    .command('scenarios')
    .summary('list what users of a load can do, or print a scenario')
    .description(
      'Lists the built-in scenarios, or prints one as YAML that can be saved, edited and given to --scenario.',
    )
    .argument('[name|file]', 'scenario to print')
    .option('--json', 'print as JSON', false)
    .action(scenarios);
  addRecordingOptions(command);
  command
    .option('--target <url>', 'target whose requests are taken of a recording')
    .addOption(new Option('--token <token>', 'bearer token for a description').env('GAUGEWAY_TOKEN'))
    .option('--allow-remote', 'read a description of a machine that is not this one', false);
  addTlsOptions(command);
}

async function scenarios(source: string | undefined, flags: ScenariosFlags): Promise<void> {
  const { json } = flags;
  const recordings = await readRecordings(flags);
  recordings.forEach(tellLeftOut);
  const named = source === undefined ? [] : [(await readScenario(source)).scenario];
  const printed = [...named, ...recordings.map(({ definition }) => readDefinition(definition))];
  if (printed.length > 1) throw new GaugewayError('usage', 'one scenario is printed at a time');
  const [only] = printed;
  process.stdout.write(only === undefined ? listScenarios(json) : print(only, json));
}

function listScenarios(json: boolean): string {
  const described = [...builtInScenarios.values()].map(({ name, description = '', protocol, tasks }) => ({
    name,
    description,
    users: protocol,
    tasks: tasks.length,
  }));
  if (json) return `${JSON.stringify(described, null, 2)}\n`;
  return described
    .map(({ name, description, users, tasks }) => {
      const size = `${tasks} ${tasks === 1 ? 'task' : 'tasks'} of ${users} users`;
      return `${name.padEnd(18)} ${size}\n  ${description}\n`;
    })
    .join('');
}

function print(scenario: Scenario, json: boolean): string {
  const definition = writeDefinition(scenario);
  return json ? `${JSON.stringify(definition, null, 2)}\n` : renderDefinition(definition);
}
