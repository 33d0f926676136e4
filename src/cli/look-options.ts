import { type Command, Option } from 'commander';
import { type Limits, limitsWith } from '../lab/look/limits.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';

/** How a look is taken and printed. */
export interface LookFlags {
  json: boolean;
  watch: boolean;
  every: number;
  /** Of looks whose figures are differences. */
  window?: number;
  check: boolean;
  limit: Readonly<Record<string, number>>;
}

const usualEveryMs = 2000;

/** The options of every command that takes a single look; `windowMs` for those that show what happens in a time. */
export function addLookOptions(command: Command, { windowMs }: { windowMs?: number } = {}): void {
  if (windowMs !== undefined) {
    command.addOption(
      new Option('--window <time>', 'time over which the figures are taken')
        .argParser(parseApart)
        .default(windowMs, `${windowMs / 1000}s`),
    );
  }
  command
    .option('--json', 'print a document instead of tables; with --watch one on each line', false)
    .option('--watch', 'keep looking, in place on a terminal', false)
    .addOption(
      new Option('--every <time>', 'time between two looks of --watch')
        .argParser(parseApart)
        .default(usualEveryMs, `${usualEveryMs / 1000}s`),
    )
    .option('--check', 'exit 1 when the verdict is fail', false)
    .addOption(
      new Option('--limit <name=value>', 'another limit, repeatable; see docs/reference/limits.md')
        .argParser(oneMoreLimit)
        .default({}, 'none'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 looked, 1 with --check and a verdict of fail, 2 bad usage, 3 the source could not be read.',
    );
}

/** The limits of a look: those of the flags before those of the stack file. Throws GaugewayError usage. */
export function limitsOf(flags: LookFlags, ofStack: Readonly<Record<string, number>>): Limits {
  return limitsWith({ ...ofStack, ...flags.limit });
}

function parseApart(text: string): number {
  const apartMs = parseWaitMs(text);
  if (apartMs < 100) throw new GaugewayError('usage', 'looks are at least 100ms apart');
  return apartMs;
}

function oneMoreLimit(text: string, before: Readonly<Record<string, number>>): Record<string, number> {
  const [, name, digits] = /^([a-z0-9.-]+)=(.+)$/i.exec(text) ?? [];
  const value = Number(digits);
  if (name === undefined) throw new GaugewayError('usage', `--limit takes NAME=VALUE, not '${text}'`);
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new GaugewayError('usage', `the limit '${name}' must be a number from 0 on, not '${digits}'`);
  }
  limitsWith({ [name]: value });
  return { ...before, [name]: value };
}
