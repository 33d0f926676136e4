import { mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { ProfiledProcesses } from '../lab/cpu/profiled-processes.ts';
import { type TopOrder, topOrders } from '../lab/cpu/function-tally.ts';
import { runTop } from '../lab/cpu/run-top.ts';
import { StartedProgram } from '../lab/cpu/started-program.ts';
import { firstView } from '../lab/cpu/top-view.ts';
import { GaugewayError } from '../shared/errors.ts';
import { oneLine } from '../shared/one-line.ts';
import { addProfilerOptions, profilerOpener, type ProfilerFlags, timeFrom } from './cpu-options.ts';
import {
  addSelectionOptions,
  requireNoProcesses,
  type SelectionFlags,
  selectProcesses,
} from './cpu-selection.ts';
import { TopScreen } from './cpu-top-screen.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { positive } from './option-values.ts';

interface TopFlags extends SelectionFlags, ProfilerFlags {
  every: number;
  duration?: number;
  once: boolean;
  sort: TopOrder;
  top?: number;
  json: boolean;
}

const usualEveryMs = 1000;
const shortestEveryMs = 200;

/** `gaugeway cpu top`, below `cpu`. */
export function registerCpuTop(cpu: Command): void {
  const command = cpu
    .command('top')
    .summary('a live table of the functions that take the time')
    .description(
      'Shows which functions of running processes take the time, as they run, and how their event loops do.\n' +
        'The processes are left as they were found.',
    );
  addSelectionOptions(command);
  addProfilerOptions(command);
  command
    .addOption(
      new Option('--every <time>', 'time between two refreshes')
        .argParser(timeFrom(shortestEveryMs))
        .default(usualEveryMs, '1s'),
    )
    .addOption(
      new Option('--duration <time>', 'end after this time (default: until q or Ctrl-C)').argParser(
        timeFrom(shortestEveryMs),
      ),
    )
    .addOption(new Option('--once', 'end after one refresh').default(false).conflicts('duration'))
    .addOption(new Option('--sort <order>', 'by what functions are ranked').choices(topOrders).default('own'))
    .option('--top <n>', 'functions to show (default: what the terminal holds, or 20)', positive)
    .option('--json', 'print a document on a line for each refresh', false)
    .addHelpText(
      'after',
      '\nKeys: 1 to 4 sort, r resets the sums, f freezes, p shows the next process, m all of them, t threads, q quits.',
    )
    .argument('[command...]', 'what to start and watch, after --; it ends with the table')
    .action(top);
}

async function top(words: string[], flags: TopFlags): Promise<void> {
  const interrupt = interruptSignal(() => undefined);
  const screen = new TopScreen({ json: flags.json, rateHz: flags.rate, top: flags.top });
  const program = words.length > 0 ? await startProgram(words, flags, screen) : undefined;
  try {
    const options = {
      open: profilerOpener(flags, interrupt.signal),
      onNote: (text: string) => screen.note(oneLine(text)),
    };
    const processes =
      program === undefined
        ? await ProfiledProcesses.attach(
            await selectProcesses(flags, (text) => screen.note(text), { startsPrograms: true }),
            { ...options, subprocesses: flags.subprocesses },
          )
        : ProfiledProcesses.around(
            { role: 'gateway', name: 'gateway', pid: program.pid },
            { ...options, subprocesses: true, isReady: (pid, runtime) => program.isReady(pid, runtime) },
          );
    try {
      const durationMs = flags.once ? flags.every : flags.duration;
      await runTop(processes, {
        everyMs: flags.every,
        ...(durationMs === undefined ? {} : { durationMs }),
        ...(program === undefined ? {} : { ended: program.ended }),
        view: { ...firstView, order: flags.sort },
        idle: flags.idle,
        signal: interrupt.signal,
        show: (tally, view) => screen.show(tally, view),
        ...(screen.takesKeys ? { listen: (press) => screen.listen(press) } : {}),
      });
      if (processes.count === 0) throw new GaugewayError('source_unreadable', 'nothing was profiled');
    } finally {
      await processes.close();
    }
  } finally {
    await program?.stop('SIGTERM');
    screen.end();
    interrupt.release();
  }
}

/** What it writes would tear the table apart: it goes to stderr, or to a file where the table is redrawn in place. */
async function startProgram(
  words: readonly string[],
  flags: TopFlags,
  screen: TopScreen,
): Promise<StartedProgram> {
  requireNoProcesses(flags);
  const file = screen.inPlace
    ? join(await mkdtemp(join(tmpdir(), 'gaugeway-top-')), 'output.log')
    : undefined;
  const output = file === undefined ? undefined : await open(file, 'w', 0o600);
  try {
    const to = output?.fd ?? process.stderr.fd;
    const program = await StartedProgram.start(words, {
      stdio: ['ignore', to, to],
      // Each Node below it opens its inspector on a port of its own, and only when it is asked to.
      nodeOptions: ['--inspect-port=0'],
    });
    if (file !== undefined) screen.note(`what ${words[0] ?? ''} writes goes to ${file}`);
    return program;
  } finally {
    await output?.close();
  }
}
