import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isRecord } from '../../../protocol/record.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { parseYaml } from '../../../shared/parse-yaml.ts';
import { builtInScenarios } from './built-in.ts';
import { readDefinition, ScenarioError } from './scenario-definition.ts';
import type { WeightedScenario } from './scenario.ts';

const maxFileBytes = 1024 * 1024;
/** Node strips the types of the first three itself. */
const moduleEndings = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const dataEndings = ['.yaml', '.yml', '.json'];

/**
 * Reads what `--scenario` names: `NAME` of a built-in one, or a file with YAML, JSON, or a module whose default export is
 * a definition; `=WEIGHT` behind it gives its share of the users. Throws GaugewayError usage that says where the mistake is.
 */
export async function readScenario(text: string): Promise<WeightedScenario> {
  const [, source = text, weightText = '1'] = /^(.+?)(?:=(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
  const weight = Number(weightText);
  if (!(weight > 0 && weight <= 1e6))
    throw new GaugewayError('usage', `the weight of '${source}' must be above 0`);
  const builtIn = builtInScenarios.get(source);
  if (builtIn !== undefined) return { weight, scenario: builtIn };
  const ending = extname(source);
  if (!moduleEndings.includes(ending) && !dataEndings.includes(ending)) {
    const names = [...builtInScenarios.keys()].join(', ');
    throw new GaugewayError(
      'usage',
      `no scenario '${source}': there are ${names}, and files (.yaml, .json, .ts, .js)`,
    );
  }
  const file = resolve(source);
  await checkFile(source, file);
  if (dataEndings.includes(ending))
    return { weight, scenario: readText(source, await readFile(file, 'utf8')) };
  try {
    return { weight, scenario: readDefinition(await importDefinition(file)), module: file };
  } catch (error) {
    throw new GaugewayError('usage', `${source}: ${messageOf(error)}`, { cause: error });
  }
}

async function checkFile(source: string, file: string): Promise<void> {
  try {
    const { size } = await stat(file);
    if (size <= maxFileBytes) return;
  } catch (cause) {
    throw new GaugewayError('usage', `${source}: ${messageOf(cause)}`, { cause });
  }
  throw new GaugewayError('usage', `${source} is over ${maxFileBytes} bytes`);
}

/** The functions of a module's tasks, by their index. */
export async function importTasks(file: string): Promise<readonly unknown[]> {
  const definition = await importDefinition(file);
  const tasks = isRecord(definition) ? definition['tasks'] : undefined;
  return Array.isArray(tasks) ? tasks.map((task: unknown) => (isRecord(task) ? task['run'] : undefined)) : [];
}

async function importDefinition(file: string): Promise<unknown> {
  const loaded: unknown = await import(pathToFileURL(file).href);
  const definition = isRecord(loaded) ? loaded['default'] : undefined;
  if (definition === undefined) throw new ScenarioError([], 'the module has no default export');
  return definition;
}

/** YAML holds JSON. */
function readText(source: string, text: string): WeightedScenario['scenario'] {
  const { value, lineOf } = parseYaml(source, text);
  try {
    return readDefinition(value);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    const line = lineOf(error.at);
    throw new GaugewayError('usage', `${source}${line === undefined ? '' : `:${line}`}: ${error.message}`, {
      cause: error,
    });
  }
}
