import { type Command, Option } from 'commander';
import type { CheckStatus } from '../lab/doctor/check.ts';
import { type DoctorDocument, examine } from '../lab/doctor/examine.ts';
import { wrapText } from '../lab/report/wrap-text.ts';
import { toMaskedJson } from '../lab/timeline/mask-json.ts';
import { GaugewayError } from '../shared/errors.ts';
import { maskSecrets } from '../shared/mask-secrets.ts';
import { oneLine } from '../shared/one-line.ts';
import type { StackSources } from '../shared/stack-description.ts';
import { exitCodes } from './exit-codes.ts';
import { interruptSignal } from './interrupt-signal.ts';
import {
  addSourceOptions,
  missingSource,
  readSources,
  type SourceFlags,
  sourceKinds,
} from './source-options.ts';

interface DoctorFlags extends SourceFlags {
  target?: string;
  token?: string;
  json: boolean;
}

/** `gaugeway doctor`: whether every source of a stack can be read, and what is missing where not. */
export function registerDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .summary('check that every source of a stack can be read')
    .description(
      'Checks every source that the stack file or the options name, before a run is wasted: whether it answers, whether\n' +
        'it lets us read what is needed, and the exact grant, setting or package that is missing. It changes nothing.',
    )
    .option('--target <url>', 'gateway, instead of the one of the stack file')
    .addOption(new Option('--token <token>', 'bearer token for it').env('GAUGEWAY_TOKEN'))
    .option('--json', 'print a document instead of a table', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 no check failed, 1 a check failed (also: a source that cannot be read), 2 bad usage or a stack' +
        '\nfile that cannot be used.',
    )
    .action(doctor);
  addSourceOptions(command, sourceKinds);
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const missingProcesses: string[] = [];
  const { sources, settings } = await readSources(flags, {
    missing: (message) => missingProcesses.push(message),
  });
  const gatewayUrl = flags.target ?? settings.gateway?.url;
  const token = flags.token ?? settings.gateway?.token;
  if (gatewayUrl !== undefined && !URL.canParse(gatewayUrl)) {
    throw new GaugewayError('usage', `--target takes a URL, not '${gatewayUrl}'`);
  }
  if (gatewayUrl === undefined && namesNothing(sources) && missingProcesses.length === 0) {
    throw missingSource('source', '--target, --pg or another option');
  }
  const interrupt = interruptSignal(() => undefined);
  try {
    const document = await examine(
      {
        ...sources,
        missingProcesses,
        ...(gatewayUrl === undefined ? {} : { gatewayUrl: gatewayUrl.replace(/(\/mcp)?\/*$/, '') }),
        ...(token === undefined ? {} : { token }),
      },
      interrupt.signal,
    );
    if (interrupt.signal.aborted) throw new GaugewayError('interrupted', 'interrupted');
    process.stdout.write(flags.json ? `${toMaskedJson(document, 2)}\n` : `${lines(document).join('\n')}\n`);
    if (document.verdict === 'fail') process.exitCode = exitCodes.failure;
  } finally {
    interrupt.release();
  }
}

function namesNothing({
  processes,
  containers,
  containerSocket: _socket,
  logs,
  ...single
}: StackSources): boolean {
  const lists = [processes, containers, logs];
  return Object.keys(single).length === 0 && lists.every((list) => list.length === 0);
}

const colors: Record<CheckStatus, string> = { ok: '32', info: '36', warn: '33', fail: '31' };

/** A line for each check, its remedy below it whole: it is there to be copied. */
function lines({ checks, counts }: DoctorDocument): string[] {
  const columns = process.stdout.isTTY ? process.stdout.columns : 80;
  const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const paint = (text: string, code: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const shown: string[] = [];
  let source = '';
  for (const check of checks) {
    if (check.source !== source)
      shown.push(...(shown.length === 0 ? [] : ['']), paint(clean(check.source), '1'));
    source = check.source;
    const [first = '', ...rest] = wrapText(`${check.check}: ${clean(check.found)}`, columns - 6, '  ');
    shown.push(
      `${paint(check.status.padEnd(4), colors[check.status])}  ${first}`,
      ...rest.map((line) => `      ${line}`),
    );
    shown.push(...(check.remedy ?? []).map((line) => `      → ${clean(line)}`));
  }
  const { ok, info, warn, fail } = counts;
  return [...shown, '', `${ok} ok, ${info} info, ${warn} warn, ${fail} fail`];
}

function clean(text: string): string {
  return maskSecrets(oneLine(text));
}
