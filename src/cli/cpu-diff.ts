import { type Command, Option } from 'commander';
import { leastChange, renderDiff, type DiffDocument } from '../lab/cpu/render-diff.ts';
import { busyOf } from '../lab/profile/busy-of.ts';
import { diffFunctions } from '../lab/profile/diff-functions.ts';
import { placeAsIn } from '../lab/profile/match-functions.ts';
import { pageDataOf } from '../lab/profile/page-data.ts';
import { mergeParts, type ProfileSet } from '../lab/profile/profile-set.ts';
import type { Profile } from '../lab/profile/profile.ts';
import { readFlame } from '../lab/profile/read-flame.ts';
import { readProfileFile } from '../lab/profile-files/read-profile-file.ts';
import { writeProfilePage } from '../lab/profile-files/write-profile-page.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { GaugewayError } from '../shared/errors.ts';
import { positive, wholeNumber } from './option-values.ts';

interface DiffFlags {
  output?: string;
  json: boolean;
  top: number;
  rate?: number;
}

const usualTop = 20;

/** `gaugeway cpu diff`, below `cpu`. */
export function registerCpuDiff(cpu: Command): void {
  cpu
    .command('diff')
    .summary('which functions take more or less of the time in one profile than in another')
    .description(
      'Compares two files of profiles, in any format that `cpu flame` opens: what takes more in AFTER, and what less.',
    )
    .argument('<before>', 'a file of profiles')
    .argument('<after>', 'another one, of the same unit')
    .option('-o, --output <file>', 'write a page with both and their differential flame graph (.html)')
    .option('--json', 'print a document instead of a table', false)
    .addOption(
      new Option('--top <n>', 'how many functions are shown').argParser(wholeNumber).default(usualTop),
    )
    .addOption(
      new Option('--rate <hz>', 'samples a second of folded stacks that count samples').argParser(positive),
    )
    .addHelpText(
      'after',
      '\nFunctions are matched by name and file; of the file its last two parts count, and lines do not, so that builds' +
        '\nin other folders and edited files compare. Time that was waited is left out of both.',
    )
    .action(async (beforePath: string, afterPath: string, flags: DiffFlags) => {
      const { output } = flags;
      if (output !== undefined && !output.toLowerCase().endsWith('.html')) {
        throw new GaugewayError('usage', `a difference is written as a page: let ${output} end in .html`);
      }
      const options = flags.rate === undefined ? {} : { rateHz: flags.rate };
      const before = await readProfileFile(beforePath, options);
      const after = await readProfileFile(afterPath, options);
      const [was, is] = [mergeParts(before), mergeParts(after)];
      if (was.unit !== is.unit) {
        throw new GaugewayError('usage', `${beforePath} and ${afterPath} do not compare: time and bytes`);
      }
      const document = documentOf({ before, after, was, is, top: flags.top });
      if (output !== undefined) await writeProfilePage(output, pageDataOf(after, alignedSet(before, is)));
      if (flags.json) {
        process.stdout.write(`${toMaskedJson(document, 2)}\n`);
        return;
      }
      const { isTTY } = process.stdout;
      const layout = {
        columns: isTTY ? process.stdout.columns : 80,
        color: isTTY && process.env['NO_COLOR'] === undefined,
      };
      const written = output === undefined ? [] : ['', `Page: ${output}`];
      process.stdout.write(`${[...renderDiff(document, layout), ...written].join('\n')}\n`);
    });
}

/** The page lays stacks over each other by frame: what only moved has to lie where it lies now. */
function alignedSet(before: ProfileSet, is: Profile): ProfileSet {
  return {
    ...before,
    parts: before.parts.map(({ label, profile }) => ({ label, profile: placeAsIn(profile, is) })),
  };
}

function documentOf(of: {
  before: ProfileSet;
  after: ProfileSet;
  was: Profile;
  is: Profile;
  top: number;
}): DiffDocument {
  const { before, after, was, is, top } = of;
  const changed = diffFunctions(was, is).filter(
    ({ selfBefore, selfAfter, totalBefore, totalAfter }) =>
      Math.abs(selfAfter - selfBefore) >= leastChange || Math.abs(totalAfter - totalBefore) >= leastChange,
  );
  return {
    command: 'cpu diff',
    before: { title: before.title, busy: busyOf(was) },
    after: { title: after.title, busy: busyOf(is) },
    unit: is.unit,
    margin: marginOf(was, is),
    functions: changed.slice(0, top),
    changed: changed.length,
  };
}

/** Two shares that are each off by 1 / √samples differ by chance by the root of both squares added up. */
function marginOf(was: Profile, is: Profile): number | null {
  const [before, after] = [readFlame(was).sampled, readFlame(is).sampled];
  return before === null || after === null ? null : Math.min(1, Math.hypot(before.margin, after.margin));
}
