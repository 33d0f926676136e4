import { type Command, Option } from 'commander';
import type { HeapProcess } from '../lab/heap/heap-target.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

/** What the commands that sample a heap have in common. */
export interface SamplingFlags extends SourceFlags {
  interval: number;
  output: string[];
  pauseOk: boolean;
  json: boolean;
}

const usualIntervalBytes = 512 * 1024;
/** V8 becomes noticeably slower below. */
const smallestIntervalBytes = 1024;

export function addSamplingOptions(command: Command): void {
  addSourceOptions(command, ['process']);
  command
    .addOption(
      new Option('--interval <bytes>', 'bytes allocated between two samples; smaller is more exact')
        .argParser(parseBytes)
        .default(usualIntervalBytes, '512KiB'),
    )
    .option('--pause-ok', 'sample a large heap too: V8 stops the process to collect garbage', false)
    .option('--json', 'print a document instead of tables', false)
    .addHelpText(
      'after',
      '\nV8 collects garbage before it tells its samples: the process stops for about 1 ms for each MiB of its\n' +
        'heap. Worker threads are not sampled.\n' +
        '\nExit codes: 0 sampled, 2 bad usage or a process that may not be attached to, 3 it could not be read,\n' +
        '130 interrupted (what was seen is shown and written).',
    );
}

/** The Node processes that the options name, at least one. Throws GaugewayError usage. */
export async function heapProcesses(flags: SourceFlags): Promise<HeapProcess[]> {
  const { sources } = await readSources(flags);
  if (sources.processes.length === 0) throw missingSource('process', '--pid');
  const byPid = new Map(
    sources.processes.map(({ pid, name }) => [pid, { pid, label: `${name} (pid ${pid})` }]),
  );
  return [...byPid.values()];
}

/** Collects an option that may be given several times. */
export function oneMore(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** A time to wait of at least a second. Throws GaugewayError usage. */
export function parseSeconds(text: string): number {
  const timeMs = parseWaitMs(text);
  if (timeMs < 1000) throw new GaugewayError('usage', `'${text}' is too short: at least 1s`);
  return timeMs;
}

const unitBytes: Record<string, number> = { '': 1, B: 1, KIB: 1024, MIB: 1024 ** 2 };

function parseBytes(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB)?$/i.exec(text) ?? [];
  const bytes = Math.round(Number(amount) * (unitBytes[unit.toUpperCase()] ?? 1));
  if (amount !== '' && bytes >= smallestIntervalBytes && bytes <= 1024 ** 3) return bytes;
  throw new GaugewayError('usage', `--interval takes bytes from 1KiB to 1024MiB, e.g. 64KiB, not '${text}'`);
}
