import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { totalsOf } from '../lab/profile/pack-profile.ts';
import { mergeParts, type ProfileSet } from '../lab/profile/profile-set.ts';
import { type FlameReading, readFlame } from '../lab/profile/read-flame.ts';
import { readingLines } from '../lab/profile/render-reading.ts';
import { readProfileFile } from '../lab/profile-files/read-profile-file.ts';
import {
  checkProfileEnding,
  profileEndings,
  writeProfileFile,
} from '../lab/profile-files/write-profile-file.ts';
import { wrapText } from '../lab/report/wrap-text.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { oneLine } from '../shared/one-line.ts';
import { openInBrowser } from './open-in-browser.ts';
import { positive } from './option-values.ts';

interface FlameFlags {
  output?: string[];
  json: boolean;
  open: boolean;
  rate?: number;
}

/** `gaugeway cpu flame`, below `cpu`. */
export function registerCpuFlame(cpu: Command): void {
  cpu
    .command('flame')
    .summary('opens a file of profiles, of any tool, as a flame graph; converts it, too')
    .description('Opens a file of profiles as a flame graph in the browser, or writes it in another format.')
    .argument('<file>', 'what was recorded; its format is told by what is in it')
    .addOption(
      new Option(
        '-o, --output <file>',
        'write this file instead of a page in a temporary folder; repeatable',
      ).argParser(oneMore),
    )
    .option('--json', 'print what is in it, as a document', false)
    .option('--no-open', 'do not open a browser')
    .addOption(
      new Option(
        '--rate <hz>',
        'samples a second of folded stacks and drawings that count samples',
      ).argParser(positive),
    )
    .addHelpText(
      'after',
      '\nReads speedscope, pprof (also gzipped), .cpuprofile and .heapprofile of V8, folded stacks (py-spy -f raw),' +
        '\nthe text of `perf script`, the drawings (.svg) of py-spy, inferno and FlameGraph, and our own pages.' +
        `\nWrites ${profileEndings.join(' ')}`,
    )
    .action(async (file: string, flags: FlameFlags) => {
      flags.output?.forEach(checkProfileEnding);
      const set = await readProfileFile(file, flags.rate === undefined ? {} : { rateHz: flags.rate });
      // A reading needs no page, unless one is asked for.
      const outputs = flags.output ?? (flags.json ? [] : [await temporaryPage()]);
      for (const path of outputs) await writeProfileFile(path, set);
      if (flags.json) {
        process.stdout.write(`${toMaskedJson({ ...documentOf(set), outputs }, 2)}\n`);
        return;
      }
      const { isTTY } = process.stdout;
      const layout = {
        columns: isTTY ? process.stdout.columns : 80,
        color: isTTY && process.env['NO_COLOR'] === undefined,
      };
      const reading = readingLines(readFlame(mergeParts(set)), layout);
      const lines = [...linesOf(set, layout.columns), '', ...reading, '', ...outputs];
      process.stdout.write(`${lines.join('\n')}\n`);
      const page = outputs.find((path) => /\.(?:html|svg)$/i.test(path));
      if (flags.open && page !== undefined) openInBrowser(page);
    });
}

function oneMore(path: string, before: string[] | undefined): string[] {
  return [...(before ?? []), path];
}

async function temporaryPage(): Promise<string> {
  return join(await mkdtemp(join(tmpdir(), 'gaugeway-flame-')), 'flame.html');
}

interface FlameDocument {
  command: 'cpu flame';
  title: string;
  facts: string[];
  /** `weight` in the unit, with what waited. */
  parts: {
    label: string;
    unit: string;
    weight: number;
    /** Without `inOrder` one stands for all of its stack. */
    samples: number;
    inOrder: boolean;
    functions: number;
  }[];
  /** Of all parts merged. */
  reading: FlameReading;
}

function documentOf(set: ProfileSet): FlameDocument {
  const { title, facts, parts } = set;
  return {
    command: 'cpu flame',
    title,
    facts,
    parts: parts.map(({ label, profile }) => ({
      label,
      unit: profile.unit,
      weight: Math.round(totalsOf(profile)[0] ?? 0),
      samples: profile.samples.length,
      inOrder: profile.order === 'time',
      functions: profile.frames.length,
    })),
    reading: readFlame(mergeParts(set)),
  };
}

/** What was read, a line for each part. */
function linesOf(set: ProfileSet, columns: number): string[] {
  const { title, facts, parts } = documentOf(set);
  return [
    shown(title),
    ...facts.flatMap((fact) => wrapText(shown(fact), columns, '  ')),
    ...parts.flatMap(({ label, unit, weight, samples, inOrder, functions }) => {
      const amount =
        unit === 'bytes' ? `${(weight / 1024 ** 2).toFixed(1)} MiB` : `${(weight / 1e6).toFixed(2)} s`;
      const counted = `${amount}, ${samples} ${inOrder ? 'samples' : 'stacks'}, ${functions} functions`;
      return wrapText(`${shown(label)}: ${counted}`, columns - 2, '  ').map((line) => `  ${line}`);
    }),
  ];
}

/** What a file says may hold a secret, or move the cursor. */
function shown(text: string): string {
  return maskSecrets(oneLine(text));
}
