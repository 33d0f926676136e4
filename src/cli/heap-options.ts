import { type Command, Option } from 'commander';
import type { HeapProcess } from '../lab/heap/heap-target.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { runtimeOf } from '../lab/profilers/runtime-of.ts';
import { addChoiceOptions, type ChoiceFlags, selectProcesses } from './cpu-selection.ts';

/** What the commands that sample a heap have in common. */
export interface SamplingFlags extends ChoiceFlags {
  interval: number;
  output: string[];
  pauseOk: boolean;
  json: boolean;
}

const usualIntervalBytes = 512 * 1024;
/** V8 becomes noticeably slower below. */
const smallestIntervalBytes = 1024;

export function addSamplingOptions(command: Command): void {
  addChoiceOptions(command);
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

/**
 * The processes that the options mean, as {@link selectProcesses} does; of several only those of Node, where there are
 * any. Throws as that does.
 */
export async function heapProcesses(
  flags: ChoiceFlags,
  note: (text: string) => void,
): Promise<HeapProcess[]> {
  const chosen = await Promise.all(
    (await selectProcesses(flags, note)).map(async (each) => ({
      process: { pid: each.pid, label: `${each.name} (pid ${each.pid})` },
      runtime: await runtimeOf(each.pid),
    })),
  );
  const node = chosen.filter(({ runtime }) => runtime === 'node');
  return (node.length > 0 && flags.pid === undefined ? node : chosen).map(({ process }) => process);
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
