import { Option } from 'commander';
import type { Command } from 'commander';
import type { RecordedScenario } from '../lab/load/recording/recorded-scenario.ts';
import { scenarioFromHar } from '../lab/load/recording/scenario-from-har.ts';

export interface RecordingFlags {
  har?: string;
  harThink: 'recorded' | 'none';
  harAssets: boolean;
  target?: string;
}

/** The most lines that are told about what was left out. */
const maxNotes = 25;

/** The options that make a scenario of a recording. */
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
    .option('--har-assets', 'keep images, fonts, styles and scripts of a recording', false);
}

/** Makes the scenarios that the options ask for. Throws GaugewayError usage or source_unreadable. */
export async function readRecordings(flags: RecordingFlags): Promise<RecordedScenario[]> {
  const { har, harThink, harAssets, target } = flags;
  return har === undefined
    ? []
    : [await scenarioFromHar(har, { think: harThink, assets: harAssets, target })];
}

/** Says on stderr what of a recording is not in its scenario. */
export function tellLeftOut({ leftOut }: RecordedScenario): void {
  const lines = leftOut.slice(0, maxNotes).map(({ name, reason, count }) => {
    const times = count === 1 ? '' : `, ${count} times`;
    return `left out: ${name} (${reason}${times})`.replaceAll(/\p{Cc}/gu, ' ');
  });
  if (leftOut.length > maxNotes) lines.push(`left out: ${leftOut.length - maxNotes} more`);
  for (const line of lines) process.stderr.write(`${line}\n`);
}
