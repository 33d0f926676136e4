import { type Command, Option } from 'commander';
import { type HeapRecording, recordHeap } from '../lab/heap/record-heap.ts';
import { recordDocument, recordFacts, renderRecord } from '../lab/heap/render-record.ts';
import { checkProfileEnding, writeProfileFile } from '../lab/profile-files/write-profile-file.ts';
import { processLabels } from '../lab/pyroscope/process-labels.ts';
import { pushProfiles } from '../lab/pyroscope/push-profiles.ts';
import type { ProfileSet } from '../lab/profile/profile-set.ts';
import { addSamplingOptions, oneMore, parseSeconds, type SamplingFlags } from './heap-options.ts';
import { runHeap } from './heap-run.ts';
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
  const { duration: durationMs, interval: intervalBytes, live } = flags;
  const shown = { intervalBytes, live };
  const setOf = (chosen: readonly HeapRecording[]): ProfileSet => ({
    title: `allocations of ${chosen.map(({ label }) => label).join(', ')}`,
    facts: chosen.flatMap((each) => recordFacts(each, shown).map((fact) => `${each.label}: ${fact}`)),
    parts: chosen.map(({ label, profile }) => ({ label, profile })),
  });
  await runHeap(flags, {
    command: 'heap record',
    does: 'sampling',
    sample: (process, options) => recordHeap(process, { ...options, ...shown, durationMs }),
    document: (each) => recordDocument(each, shown),
    render: (each, layout) => renderRecord(each, shown, layout),
    write: (path, recordings) => writeProfileFile(path, setOf(recordings)),
    send: async (recordings) => {
      if (server === undefined) return undefined;
      const series = recordings.map((each) => ({
        labels: processLabels({ pid: each.pid, runtime: 'node', profiler: 'v8' }),
        set: setOf([each]),
      }));
      return pushedLine(await pushProfiles(server, series, { weight: live ? 'inuse_space' : 'alloc_space' }));
    },
  });
}
