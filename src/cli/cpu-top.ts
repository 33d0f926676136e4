import { type Command, Option } from 'commander';
import { ProfiledProcesses } from '../lab/cpu/profiled-processes.ts';
import { type TopOrder, topOrders } from '../lab/cpu/function-tally.ts';
import { runTop } from '../lab/cpu/run-top.ts';
import { firstView } from '../lab/cpu/top-view.ts';
import { oneLine } from '../shared/one-line.ts';
import { addProfilerOptions, profilerOpener, type ProfilerFlags, timeFrom } from './cpu-options.ts';
import { addSelectionOptions, type SelectionFlags, selectProcesses } from './cpu-selection.ts';
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
    .action(top);
}

async function top(flags: TopFlags): Promise<void> {
  const interrupt = interruptSignal(() => undefined);
  const screen = new TopScreen({ json: flags.json, rateHz: flags.rate, top: flags.top });
  try {
    const chosen = await selectProcesses(flags, (text) => screen.note(text));
    const processes = await ProfiledProcesses.attach(chosen, {
      open: profilerOpener(flags, interrupt.signal),
      subprocesses: flags.subprocesses,
      onNote: (text) => screen.note(oneLine(text)),
    });
    try {
      const durationMs = flags.once ? flags.every : flags.duration;
      await runTop(processes, {
        everyMs: flags.every,
        ...(durationMs === undefined ? {} : { durationMs }),
        view: { ...firstView, order: flags.sort },
        signal: interrupt.signal,
        show: (tally, view) => screen.show(tally, view),
        ...(screen.takesKeys ? { listen: (press) => screen.listen(press) } : {}),
      });
    } finally {
      await processes.close();
    }
  } finally {
    screen.end();
    interrupt.release();
  }
}
