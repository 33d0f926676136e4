import { type Command, Option } from 'commander';
import { saveSnapshot, snapshotEstimate } from '../lab/heap/save-snapshot.ts';
import { formatBytes, formatTimeMs } from '../lab/look/quantity.ts';
import { wrapText } from '../lab/report/wrap-text.ts';
import { nowMs } from '../shared/clock.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';
import { addChoiceOptions, type ChoiceFlags } from './cpu-selection.ts';
import { heapProcesses } from './heap-options.ts';
import { HeapScreen } from './heap-screen.ts';
import { interruptSignal } from './interrupt-signal.ts';

interface SnapshotFlags extends ChoiceFlags {
  output?: string;
  pauseOk: boolean;
  json: boolean;
}

const ending = '.heapsnapshot';

export function registerHeapSnapshot(heap: Command): void {
  const command = heap
    .command('snapshot')
    .summary('every object of a process, for DevTools; stops it for seconds')
    .description(
      "Writes a heap snapshot of one Node process, which Chrome's DevTools opens (Memory, Load). The process answers\n" +
        'nobody meanwhile. The file holds every string of the process, passwords and tokens too.',
    );
  addChoiceOptions(command);
  command
    .addOption(
      new Option('-o, --output <file>', `file to write, ends in ${ending} (default: heap-PID-TIME${ending})`),
    )
    .option('--pause-ok', 'stop the process for as long as it takes; without it nothing is done', false)
    .option('--json', 'print a document instead of sentences', false)
    .addHelpText(
      'after',
      '\nExit codes: 0 written, 2 bad usage or no --pause-ok, 3 the process could not be read.',
    )
    .action(snapshot);
}

async function snapshot(flags: SnapshotFlags): Promise<void> {
  const screen = new HeapScreen();
  const [process, ...others] = await heapProcesses(flags, (text) => screen.note(text));
  if (process === undefined || others.length > 0) {
    throw new GaugewayError('usage', 'a snapshot is taken of one process at a time: name it with --pid');
  }
  const path =
    flags.output ??
    `heap-${process.pid}-${new Date(nowMs()).toISOString().replaceAll(/[:.]/g, '-')}${ending}`;
  if (!path.endsWith(ending))
    throw new GaugewayError('usage', `${path} does not end in ${ending}: no tool would open it`);
  const interrupt = interruptSignal(() =>
    screen.note('V8 cannot stop a snapshot that has begun: waiting for its end (once more leaves at once)'),
  );
  try {
    const saved = await saveSnapshot(process, {
      logger: createLogger('warn'),
      signal: interrupt.signal,
      pauseOk: flags.pauseOk,
      path,
      onBegin: ({ heapUsedBytes }) =>
        screen.note(
          `${process.label} stops for about ${snapshotEstimate(heapUsedBytes)}: ${formatBytes(heapUsedBytes)} of heap in use …`,
        ),
      onBytes: (written) => screen.progress(`${formatBytes(written)} written`),
    });
    const { bytes, pauseMs, tookMs } = saved;
    const warning =
      'The file holds every string of the process, passwords and tokens too: only its owner may read it, and it belongs nowhere else.';
    screen.show(flags.json, { command: 'heap snapshot', atMs: nowMs(), ...saved, warning }, ({ columns }) => [
      ...wrapText(
        `${path}: ${formatBytes(bytes)}, written in ${formatTimeMs(tookMs)}. ${process.label} stood still for ${formatTimeMs(pauseMs)}.`,
        columns,
      ),
      ...wrapText(warning, columns),
      ...wrapText("Chrome's DevTools open it: Memory, Load profile.", columns),
    ]);
  } finally {
    interrupt.release();
  }
}
