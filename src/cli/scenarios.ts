import type { Command } from 'commander';
import { builtInScenarios } from '../lab/load/scenarios/built-in.ts';
import { readScenario } from '../lab/load/scenarios/read-scenario.ts';
import type { Scenario } from '../lab/load/scenarios/scenario.ts';
import { renderDefinition, writeDefinition } from '../lab/load/scenarios/write-definition.ts';

export function registerScenarios(program: Command): void {
  program
    .command('scenarios')
    .summary('list what users of a load can do, or print a scenario')
    .description(
      'Lists the built-in scenarios, or prints one as YAML that can be saved, edited and given to --scenario.',
    )
    .argument('[name|file]', 'scenario to print')
    .option('--json', 'print as JSON', false)
    .action(async (source: string | undefined, { json }: { json: boolean }) => {
      process.stdout.write(
        source === undefined ? listScenarios(json) : print((await readScenario(source)).scenario, json),
      );
    });
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
