import { Option } from 'commander';
import type { Command } from 'commander';
import type { RecordedScenario } from '../lab/load/recording/recorded-scenario.ts';
import { scenarioFromHar } from '../lab/load/recording/scenario-from-har.ts';
import { scenarioFromOpenApi } from '../lab/load/recording/scenario-from-openapi.ts';
import { httpMethods } from '../lab/load/scenarios/scenario.ts';
import type { HttpMethod } from '../lab/load/scenarios/scenario.ts';
import { GaugewayError } from '../shared/errors.ts';
import { tlsSettingsOf } from './tls-options.ts';
import type { TlsFlags } from './tls-options.ts';
import { oneLine } from '../shared/one-line.ts';

export interface RecordingFlags extends TlsFlags {
  har?: string;
  harThink: 'recorded' | 'none';
  harAssets: boolean;
  fromOpenapi?: string;
  openapiMethods: HttpMethod[];
  target?: string;
  token?: string;
  allowRemote: boolean;
}

/** The most lines that are told about what was left out. */
const maxNotes = 25;

/** The options that make a scenario of a recording or a description. */
export function addRecordingOptions(command: Command): void {
  command
    .option(
      '--har <file>',
      "a scenario of what a browser recorded (its developer tools' network tab saves it)",
    )
    .addOption(
      new Option('--har-think <which>', 'pauses between recorded requests')
        .choices(['recorded', 'none'])
        .default('recorded'),
    )
    .option('--har-assets', 'keep images, fonts, styles and scripts of a recording', false)
    .option('--from-openapi <url|file>', 'a scenario of the operations that an OpenAPI 3 description names')
    .addOption(
      new Option(
        '--openapi-methods <list>',
        'methods to take of it; others than GET change what the target holds',
      )
        .argParser(methodList)
        .default(['GET'], 'GET'),
    );
}

/** Makes the scenarios that the options ask for. Throws GaugewayError usage or source_unreadable. */
export async function readRecordings(flags: RecordingFlags): Promise<RecordedScenario[]> {
  const { har, harThink, harAssets, fromOpenapi, openapiMethods, target, token, allowRemote } = flags;
  const { tls = {} } = tlsSettingsOf(flags);
  const recordings: RecordedScenario[] = [];
  if (har !== undefined) {
    recordings.push(await scenarioFromHar(har, { think: harThink, assets: harAssets, target }));
  }
  if (fromOpenapi !== undefined) {
    const options = { source: fromOpenapi, methods: openapiMethods, target, token, allowRemote, tls };
    recordings.push(await scenarioFromOpenApi(options));
  }
  return recordings;
}

/** Says on stderr what of a recording is not in its scenario. */
export function tellLeftOut({ leftOut }: RecordedScenario): void {
  const lines = leftOut.slice(0, maxNotes).map(({ name, reason, count }) => {
    const times = count === 1 ? '' : `, ${count} times`;
    return oneLine(`left out: ${name} (${reason}${times})`);
  });
  if (leftOut.length > maxNotes) lines.push(`left out: ${leftOut.length - maxNotes} more`);
  for (const line of lines) process.stderr.write(`${line}\n`);
}

/** Reads `GET,POST`. Throws `usage`. */
function methodList(text: string): HttpMethod[] {
  return text.split(',').map((part) => {
    const method = httpMethods.find((name) => name === part.trim().toUpperCase());
    if (method !== undefined) return method;
    throw new GaugewayError('usage', `no method '${part}': there are ${httpMethods.join(', ')}`);
  });
}
