import { open, readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { stackFileExists, stackFileName } from '../config/stack-file.ts';
import { lookTable } from '../lab/look/look-table.ts';
import { wrapText } from '../lab/report/wrap-text.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { lineDifference } from '../shared/line-difference.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { oneLine } from '../shared/one-line.ts';
import { discoverStack } from '../stack/discover/discover.ts';
import type { DiscoveredStack, FoundPart } from '../stack/discover/found.ts';
import { stackFileText } from '../stack/discover/stack-file-text.ts';
import { defaultContainerSocket } from '../stack/resolve-stack.ts';

interface DiscoverFlags {
  target?: string;
  project?: string;
  containerSocket?: string;
  out: string;
  force: boolean;
  print: boolean;
  json: boolean;
}

/** `gaugeway discover`: finds the stack of this machine and describes it in a file. */
export function registerDiscover(program: Command): void {
  program
    .command('discover')
    .summary(`find the stack of this machine, write ${stackFileName}`)
    .description(
      'Finds the gateway of this machine and what belongs to it: containers by their Compose labels, images and ports,\n' +
        'processes by /proc, databases and caches by what the gateway was started with. Writes a stack file and says\n' +
        'what could not be reached, and why. It asks servers on loopback for their health and their name, and tries to\n' +
        'log in with what is at hand. It changes nothing. Passwords are neither printed nor written.',
    )
    .option('--target <url>', 'gateway whose stack it is, when there are several')
    .option('--project <name>', 'only the containers of this Compose project')
    .option('--container-socket <path>', 'Unix socket of the Docker Engine or of podman')
    .option('--out <file>', 'stack file to write', stackFileName)
    .option('--force', 'replace a stack file that says something else', false)
    .addOption(new Option('--print', 'print the stack file instead of writing it').default(false))
    .option('--json', 'print what was found as a document; nothing is written', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 written or printed, 1 the file says something else (--force replaces it), 2 bad usage,' +
        '\n3 nothing was found.',
    )
    .action(discover);
}

async function discover(flags: DiscoverFlags): Promise<void> {
  if (flags.target !== undefined && !URL.canParse(flags.target)) {
    throw new GaugewayError('usage', `--target takes a URL, not '${flags.target}'`);
  }
  const found = await discoverStack({
    socket: flags.containerSocket ?? defaultContainerSocket(process.env),
    ...(flags.project === undefined ? {} : { project: flags.project }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
  });
  const text = stackFileText(found);
  if (flags.json) {
    process.stdout.write(`${toMaskedJson({ ...found, file: text }, 2)}\n`);
    return;
  }
  if (flags.print) {
    process.stdout.write(text);
    return;
  }
  process.stdout.write(`${summary(found).join('\n')}\n`);
  if (found.parts.length === 0) {
    throw new GaugewayError('source_unreadable', 'no part of a stack was found on this machine');
  }
  await writeStackFile(flags, text);
  const needed = found.variables.map(({ name, meaning }) => `Set ${name} first: ${meaning}.`);
  process.stdout.write(`${[...needed, 'Check it: gaugeway doctor'].join('\n')}\n`);
}

async function writeStackFile({ out, force }: DiscoverFlags, text: string): Promise<void> {
  if (!force && (await stackFileExists(out))) {
    const before = await readFile(out, 'utf8');
    if (before === text) {
      process.stdout.write(`\n${out} says so already.\n`);
      return;
    }
    const difference = lineDifference(before.split('\n'), text.split('\n'));
    process.stdout.write(`\n${difference.map((line) => maskSecrets(oneLine(line))).join('\n')}\n`);
    throw new GaugewayError('conflict', `${out} says something else (see above): --force replaces it`);
  }
  try {
    const file = await open(out, 'w', 0o600);
    try {
      // An older file keeps its mode when it is opened.
      await file.chmod(0o600);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new GaugewayError('usage', `${out} cannot be written: ${messageOf(cause)}`, { cause });
  }
  process.stdout.write(`\nWrote ${out}.\n`);
}

function summary({ parts, unreached }: DiscoveredStack): string[] {
  const layout = {
    columns: process.stdout.isTTY ? process.stdout.columns : 80,
    color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  };
  const table = lookTable<FoundPart>({
    rows: parts,
    name: { title: 'found', value: ({ what }) => what },
    columns: [
      { title: 'role', value: ({ role }) => role, expendable: 0, align: 'left' },
      { title: 'where', value: ({ where }) => where, expendable: 0, align: 'left' },
      { title: 'sure', value: ({ sure }) => sure, expendable: 0, align: 'left' },
      { title: 'file', value: ({ inFile }) => (inFile ? 'yes' : 'no'), expendable: 0, align: 'left' },
    ],
    empty: 'Nothing was found.',
  });
  const rest = unreached.flatMap(({ what, why, remedy }) => [
    ...wrapText(`not reached: ${clean(what)}: ${clean(why)}`, layout.columns, '  '),
    ...(remedy === undefined
      ? []
      : wrapText(`→ ${clean(remedy)}`, layout.columns - 2, '  ').map((line) => `  ${line}`)),
  ]);
  const gateways = parts.filter(({ role, sure }) => role === 'gateway' && sure !== 'guess').length;
  const hint =
    gateways > 1
      ? [
          '',
          ...wrapText(
            'There are several gateways: --target URL says whose stack it is. What belongs to another one is not in the file.',
            layout.columns,
          ),
        ]
      : [];
  return [...table.render(layout), ...hint, ...(rest.length === 0 ? [] : ['', ...rest])];
}

function clean(text: string): string {
  return maskSecrets(oneLine(text));
}
