import { type Command, Option } from 'commander';
import { createLogSource } from '../lab/logs/sources/create-log-source.ts';
import { StdinLog } from '../lab/logs/sources/stdin-log.ts';
import { LogCountLook } from '../lab/look/logs/log-count.ts';
import { LogErrorsLook } from '../lab/look/logs/log-errors.ts';
import { LogTemplatesLook } from '../lab/look/logs/log-templates.ts';
import { LogTypesLook } from '../lab/look/logs/log-types.ts';
import type { NamedLog, WatchedLogs, WatchedLogsOptions } from '../lab/look/logs/watched-logs.ts';
import type { Look, LookDocument } from '../lab/look/look.ts';
import { type LogLevel, logLevels } from '../lab/timeline/samples/log-sample.ts';
import { nowMs } from '../shared/clock.ts';
import { formatDurationMs, parseDurationMs } from '../shared/duration.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { describeLogOrigin, type WatchedLog } from '../shared/stack-description.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { wholeNumber } from './option-values.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, missingSource, oneLog, readSources, type SourceFlags } from './source-options.ts';

interface LogFlags extends SourceFlags, LookFlags {
  since?: number;
  follow: boolean;
  level: LogLevel;
  last: number;
  fixed: boolean;
  max?: number;
}

/** Containers and units may have kept months. */
const usualSinceMs = 3_600_000;
const progressEveryMs = 500;

/** `gaugeway logs …`: what the programs of a stack say, from files, containers, the journal or stdin. */
export function registerLogs(program: Command): void {
  const logs = program.command('logs').description('Reads logs: files, containers, journald units or stdin');
  addLook(
    logs
      .command('errors')
      .summary('the last entries of level warn and above')
      .argument('[source]', '- for stdin, a file, container:NAME or unit:NAME')
      .addOption(new Option('--last <n>', 'how many').argParser(wholeNumber).default(30))
      .addOption(levelOption('warn')),
    (named, options, { level, last }) => new LogErrorsLook(named, { ...options, level, last }),
  );
  addLook(
    logs
      .command('types')
      .summary('errors and warnings by error type and known signature')
      .argument('[source]', '- for stdin, a file, container:NAME or unit:NAME'),
    (named, options) => new LogTypesLook(named, options),
  );
  addLook(
    logs
      .command('templates')
      .summary('what the logs say, by template')
      .argument('[source]', '- for stdin, a file, container:NAME or unit:NAME')
      .addOption(levelOption('debug')),
    (named, options, { level }) => new LogTemplatesLook(named, { ...options, level }),
  );
  addCount(logs);
}

function addCount(logs: Command): void {
  const command = logs
    .command('count')
    .summary('how often a pattern is said')
    .argument('<pattern>', 'regular expression of JavaScript')
    .argument('[source]', '- for stdin, a file, container:NAME or unit:NAME')
    .option('--fixed', 'the pattern is a text, not a regular expression', false)
    .addOption(
      new Option('--max <n>', 'more are too many, with --check (default: 0)').argParser(wholeNumber),
    );
  addLogOptions(command);
  command.action(async (pattern: string, source: string | undefined, flags: LogFlags) => {
    const max = flags.max ?? (flags.check ? 0 : undefined);
    const compiled = compile(pattern, flags.fixed);
    await run(flags, source, (named, options) => {
      return new LogCountLook(named, { ...options, pattern: compiled, shown: pattern, max });
    });
  });
}

type CreateLook<Reading, Document extends LookDocument> = (
  logs: NamedLog[],
  options: WatchedLogsOptions,
  flags: LogFlags,
) => Look<Reading, Document> & { readonly logs: WatchedLogs };

function addLook<Reading, Document extends LookDocument>(
  command: Command,
  create: CreateLook<Reading, Document>,
): void {
  addLogOptions(command);
  command.action(async (source: string | undefined, flags: LogFlags) => run(flags, source, create));
}

function addLogOptions(command: Command): void {
  addSourceOptions(command, ['log']);
  command
    .option('--container-socket <path>', 'Unix socket of the Docker Engine or of podman')
    .addOption(
      new Option(
        '--since <time>',
        'entries of the last e.g. 10m (default: a whole file, an hour else)',
      ).argParser(parseDurationMs),
    )
    .option('-f, --follow', 'the same as --watch', false);
  addLookOptions(command);
}

async function run<Reading, Document extends LookDocument>(
  flags: LogFlags,
  source: string | undefined,
  create: CreateLook<Reading, Document>,
): Promise<void> {
  const positional = source === undefined ? {} : { log: [...(flags.log ?? []), oneLog(source)] };
  const { sources, settings } = await readSources({ ...flags, ...positional }, { processes: false });
  if (sources.logs.length === 0) throw missingSource('log', '--log');
  const isKept = sources.logs.some(({ from }) => !('file' in from));
  const sinceMs = flags.since ?? (isKept ? usualSinceMs : undefined);
  const olderNote =
    flags.since === undefined && isKept
      ? `what is older than ${formatDurationMs(usualSinceMs)} (--since 24h)`
      : undefined;
  const watch = flags.watch || flags.follow;
  const interrupt = interruptSignal(() => undefined);
  const look = create(
    namedLogs(sources.logs, sources.containerSocket),
    {
      sinceMs: sinceMs === undefined ? undefined : nowMs() - sinceMs,
      ...(olderNote === undefined ? {} : { olderNote }),
      follow: watch,
      stop: interrupt.signal,
    },
    flags,
  );
  const hideProgress = showProgress(look.logs);
  try {
    await runLook(look, { ...flags, watch }, limitsOf(flags, settings.limits));
  } finally {
    hideProgress();
    interrupt.release();
  }
}

/** Logs of the same name, e.g. of two gateways, are told apart by where they are. */
function namedLogs(logs: readonly WatchedLog[], socket: string | undefined): NamedLog[] {
  return logs.map(({ name, from }) => {
    const isStdin = 'file' in from && from.file === '-';
    const isAlone = logs.filter((each) => each.name === name).length === 1;
    return {
      name: isStdin ? 'stdin' : isAlone ? name : describeLogOrigin(from),
      source: isStdin ? new StdinLog(process.stdin) : createLogSource(from, socket),
    };
  });
}

/** Where somebody waits in front of a terminal for a long file; returns what takes it away. */
function showProgress(logs: WatchedLogs): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  let shown = false;
  const timer = setInterval(() => {
    logs.progress().then(
      (share) => {
        if (share === undefined && !shown) return;
        shown = share !== undefined;
        process.stderr.write(share === undefined ? '\r\u001b[K' : `\r${Math.floor(share * 100)} % read …`);
      },
      // The reading itself will fail of the same, and tell it.
      () => clearInterval(timer),
    );
  }, progressEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (shown) process.stderr.write('\r\u001b[K');
  };
}

function levelOption(usual: LogLevel): Option {
  return new Option('--level <level>', 'the least level').choices(logLevels.slice(0, -1)).default(usual);
}

function compile(pattern: string, fixed: boolean): RegExp {
  if (fixed) return new RegExp(pattern.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  try {
    return new RegExp(pattern);
  } catch (cause) {
    throw new GaugewayError('usage', `not a regular expression: ${messageOf(cause)} (--fixed takes a text)`, {
      cause,
    });
  }
}
