import { type Command, Option } from 'commander';
import { recordHeap } from '../lab/heap/record-heap.ts';
import { recordDocument, recordFacts, renderRecord } from '../lab/heap/render-record.ts';
import { checkProfileEnding, writeProfileFile } from '../lab/profile-files/write-profile-file.ts';
import { processLabels } from '../lab/pyroscope/process-labels.ts';
import { pushProfiles } from '../lab/pyroscope/push-profiles.ts';
import type { ProfileSet } from '../lab/profile/profile-set.ts';
import { nowMs } from '../shared/clock.ts';
import { createLogger } from '../shared/logger.ts';
import {
  addSamplingOptions,
  heapProcesses,
  oneMore,
  parseSeconds,
  type SamplingFlags,
} from './heap-options.ts';
import { HeapScreen } from './heap-screen.ts';
import { interruptSignal } from './interrupt-signal.ts';
import {
  addAllowRemoteOption,
  addPyroscopeOptions,
  pushedLine,
  type PyroscopeFlags,
  pyroscopeHelp,
  pyroscopeOf,
} from './pyroscope-options.ts';

const usualDurationMs = 30_000;

interface RecordFlags extends SamplingFlags, PyroscopeFlags {
  duration: number;
  live: boolean;
}

export function registerHeapRecord(heap: Command): void {
  const command = heap
    .command('record')
    .summary('what is allocated, by function')
    .description(
      'Samples what Node processes allocate in a window, with what was collected meanwhile, and names the functions.\n' +
        'Ctrl-C ends the window and keeps what was seen.',
    )
    .addOption(
      new Option(
        '-o, --output <file>',
        'write a flame graph or profile by its ending (.html .svg .speedscope.json .pb.gz .heapprofile .folded), repeatable',
      )
        .argParser(oneMore)
        .default([], 'none'),
    )
    .addOption(
      new Option('--duration <time>', 'length of the window')
        .argParser(parseSeconds)
        .default(usualDurationMs, '30s'),
    )
    .option('--live', 'only what is still alive at the end of the window', false);
  addSamplingOptions(command);
  addPyroscopeOptions(command);
  addAllowRemoteOption(command);
  command.addHelpText('after', pyroscopeHelp).action(record);
}

async function record(flags: RecordFlags): Promise<void> {
  flags.output.forEach(checkProfileEnding);
  const server = await pyroscopeOf(flags);
  const processes = await heapProcesses(flags);
  const screen = new HeapScreen();
  const interrupt = interruptSignal(() => screen.note('interrupted: telling what was seen'));
  const { duration: durationMs, interval: intervalBytes, live, pauseOk, output, json } = flags;
  try {
    const options = {
      logger: createLogger('warn'),
      signal: interrupt.signal,
      durationMs,
      intervalBytes,
      live,
      pauseOk,
    };
    screen.note(`sampling ${processes.map(({ label }) => label).join(', ')} …`);
    const atMs = nowMs();
    const recordings = await Promise.all(processes.map((process) => recordHeap(process, options)));
    screen.show(
      json,
      {
        command: 'heap record',
        atMs,
        files: output,
        processes: recordings.map((each) => recordDocument(each, options)),
      },
      (layout) =>
        recordings.flatMap((each, at) => [...(at > 0 ? [''] : []), ...renderRecord(each, options, layout)]),
    );
    const setOf = (chosen: typeof recordings): ProfileSet => ({
      title: `allocations of ${chosen.map(({ label }) => label).join(', ')}`,
      facts: chosen.flatMap((each) => recordFacts(each, options).map((fact) => `${each.label}: ${fact}`)),
      parts: chosen.map(({ label, profile }) => ({ label, profile })),
    });
    for (const path of output) {
      await writeProfileFile(path, setOf(recordings));
      screen.note(`wrote ${path}`);
    }
    if (server !== undefined) {
      const series = recordings.map((each) => ({
        labels: processLabels({ pid: each.pid, runtime: 'node', profiler: 'v8' }),
        set: setOf([each]),
      }));
      screen.note(
        pushedLine(await pushProfiles(server, series, { weight: live ? 'inuse_space' : 'alloc_space' })),
      );
    }
    screen.endedBy(interrupt.signal);
  } finally {
    interrupt.release();
  }
}
