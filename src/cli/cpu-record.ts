import { type Command, Option } from 'commander';
import { DeoptLog } from '../lab/cpu/deopt-log.ts';
import { ProfiledProcesses } from '../lab/cpu/profiled-processes.ts';
import { ProfilingCpu } from '../lab/cpu/profiling-cpu.ts';
import { recordProfiles } from '../lab/cpu/record.ts';
import { requireWritable, usualRecordingFile } from '../lab/cpu/recording-files.ts';
import { exitCodeOfProgram, type ProgramEnd, StartedProgram } from '../lab/cpu/started-program.ts';
import { waitForProfiler } from '../lab/profilers/node/started-node.ts';
import type { PyroscopeServer } from '../lab/pyroscope/pyroscope-server.ts';
import { nowMs, sleep } from '../shared/clock.ts';
import { formatDurationMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { oneLine } from '../shared/one-line.ts';
import {
  addProfilerOptions,
  addThreadsOption,
  profilerOpener,
  type SamplingFlags,
  timeFrom,
} from './cpu-options.ts';
import { presentRecording, type RecordingOutput } from './cpu-recording.ts';
import {
  addSelectionOptions,
  requireNoProcesses,
  type SelectionFlags,
  selectProcesses,
} from './cpu-selection.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { ProgressText } from './progress-text.ts';
import {
  addAllowRemoteOption,
  addPyroscopeOptions,
  type PyroscopeFlags,
  pyroscopeHelp,
  pyroscopeOf,
} from './pyroscope-options.ts';

interface RecordFlags
  extends SelectionFlags, SamplingFlags, PyroscopeFlags, Pick<RecordingOutput, 'perProcess' | 'json'> {
  output?: string[];
  duration?: number;
  deopts: boolean;
  warmUp?: number;
}

const usualDurationMs = 30_000;
/** Long enough that V8 has compiled what is hot in a program that is busy from its start. */
const usualWarmUpMs = 5000;

/** `gaugeway cpu record`, below `cpu`. */
export function registerCpuRecord(cpu: Command): void {
  const command = cpu
    .command('record')
    .summary('profiles of running processes, or of a command, as files')
    .description(
      'Profiles running processes, or a command from its first line to its last, writes files and says what is in them.\n' +
        'The processes are left as they were found.',
    )
    .argument('[command...]', 'what to start and profile, after --')
    .addOption(
      new Option(
        '-o, --output <file>',
        'file to write, repeatable; its ending names the format: .html, .svg, .speedscope.json, .pb.gz, .cpuprofile, ' +
          '.folded (default: profile-PID-TIME.html, none with --pyroscope)',
      ).argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]),
    )
    .addOption(
      new Option(
        '--duration <time>',
        `how long; Ctrl-C ends it early and keeps what there is (default: ${usualDurationMs / 1000}s, or until the command ends)`,
      ).argParser(timeFrom(100)),
    );
  addSelectionOptions(command);
  addProfilerOptions(command);
  addThreadsOption(command);
  command
    .option(
      '--deopts',
      'with -- node SCRIPT: mark the functions that lose their optimised code again and again, or are megamorphic',
      false,
    )
    .addOption(
      new Option(
        '--warm-up <time>',
        `with --deopts: how long it runs and V8 logs before it is profiled (default: ${usualWarmUpMs / 1000}s)`,
      ).argParser(timeFrom(100)),
    )
    .option('--per-process', 'a file for each process, with its pid in the name', false)
    .option('--json', 'print a document instead of the summary', false);
  addPyroscopeOptions(command);
  addAllowRemoteOption(command);
  command
    .addHelpText(
      'after',
      '\nA file that is there is replaced, as py-spy does. With -- COMMAND the summary goes to stderr, as stdout is the' +
        "\ncommand's own; Ctrl-C and SIGTERM are passed on to it, and the exit code is its own, or 0 when --duration ended it." +
        '\nNode waits for its profiler before its first line; what wrappers such as npm start is profiled, too.' +
        `${pyroscopeHelp}\nA push that fails ends with 3; the profile is in a file then.`,
    )
    .action(record);
}

async function record(words: string[], flags: RecordFlags): Promise<void> {
  if (flags.warmUp !== undefined && !flags.deopts) {
    throw new GaugewayError('usage', '--warm-up belongs to --deopts');
  }
  for (const path of flags.output ?? []) await requireWritable(path);
  const server = await pyroscopeOf(flags);
  if (flags.deopts) {
    const log = await DeoptLog.prepare(words, flags.warmUp ?? usualWarmUpMs);
    try {
      await recordProgram(words, flags, { server, log });
    } finally {
      await log.remove();
    }
    return;
  }
  await (words.length > 0 ? recordProgram(words, flags, { server }) : recordRunning(flags, server));
}

async function recordRunning(flags: RecordFlags, server: PyroscopeServer | undefined): Promise<void> {
  const progress = new ProgressText();
  const interrupt = interruptSignal(() => progress.note('ending …'));
  const { signal } = interrupt;
  const { duration = usualDurationMs } = flags;
  const notes: string[] = [];
  try {
    const chosen = await selectProcesses(flags, (text) => progress.note(text), { startsPrograms: true });
    const files = filesOf(flags, chosen[0]?.pid ?? 0);
    if (flags.output === undefined) for (const path of files) await requireWritable(path);
    const cpu = await ProfilingCpu.start();
    const processes = await ProfiledProcesses.attach(chosen, {
      open: profilerOpener(flags, signal, { threads: flags.threads }),
      subprocesses: flags.subprocesses,
      onNote: (text) => notes.push(progress.note(oneLine(text))),
    });
    try {
      const recording = await recordProfiles(processes, {
        durationMs: duration,
        signal,
        onProgress: (passedMs) => progress.show(progressLine(processes, Math.max(0, duration - passedMs))),
      });
      progress.end();
      const cpuMs = await cpu.totalMs();
      await presentRecording(recording, { ...flags, files, server, notes, cpuMs, stream: process.stdout });
    } finally {
      await processes.close();
    }
  } finally {
    progress.end();
    interrupt.release();
  }
}

/** The program has our stdin, stdout and stderr; everything of ours goes to stderr. */
async function recordProgram(
  words: readonly string[],
  flags: RecordFlags,
  { server, log }: { server: PyroscopeServer | undefined; log?: DeoptLog },
): Promise<void> {
  requireNoProcesses(flags);
  const ending = new AbortController();
  // What V8 logs is profiled later, and attached to as any program that runs.
  const fromFirstLine = log === undefined;
  const program = await StartedProgram.start(log?.command(words) ?? words, {
    stdio: 'inherit',
    nodeOptions: fromFirstLine ? waitForProfiler : [],
  });
  const files = filesOf(flags, program.pid);
  const asked: NodeJS.Signals[] = [];
  const passOn = (name: NodeJS.Signals): void => {
    // Whoever asks twice does not want to wait for a profile, nor for a program that takes its time.
    if (asked.length > 0) program.kill('SIGKILL');
    asked.push(name);
    ending.abort();
  };
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, passOn);
  const notes: string[] = [];
  const cpu = await ProfilingCpu.start();
  // What it used itself is none of the profiling's.
  void program.ended.then(() => cpu.look());
  const processes = ProfiledProcesses.around(
    { role: 'gateway', name: 'gateway', pid: program.pid },
    {
      open: profilerOpener(flags, ending.signal, { started: fromFirstLine, threads: flags.threads }),
      subprocesses: true,
      isReady: (pid, runtime) => program.isReady(pid, runtime),
      onNote: (text) => notes.push(oneLine(text)),
    },
  );
  try {
    if (log !== undefined) {
      await Promise.race([program.ended, sleep(log.warmUpMs, ending.signal)]);
      if (program.hasEnded || ending.signal.aborted) {
        notes.push('the program ended within its --warm-up, before it was profiled');
      }
    }
    const recording = await recordProfiles(processes, {
      ...(flags.duration === undefined ? {} : { durationMs: flags.duration }),
      signal: ending.signal,
      ended: program.ended,
      started: fromFirstLine,
      onProgress: () => void cpu.look(),
    });
    const cpuMs = await cpu.totalMs();
    await processes.close();
    const byItself = await endOf(program, asked[0]);
    const marked = log === undefined ? recording : await log.mark(recording);
    await presentRecording(marked, { ...flags, files, server, notes, cpuMs, stream: process.stderr });
    if (byItself !== undefined) process.exitCode = exitCodeOfProgram(byItself);
  } finally {
    program.kill('SIGKILL');
    for (const name of names) process.off(name, passOn);
  }
}

/** A profile that is pushed needs no file. */
function filesOf({ output, pyroscope }: RecordFlags, pid: number): string[] {
  return output ?? (pyroscope === undefined ? [usualRecordingFile(pid, new Date(nowMs()))] : []);
}

/** Passes a signal on, or ends a program whose time is over. Undefined for the latter. */
async function endOf(
  program: StartedProgram,
  asked: NodeJS.Signals | undefined,
): Promise<ProgramEnd | undefined> {
  if (asked !== undefined) return program.stop(asked);
  if (program.hasEnded) return program.ended;
  await program.stop('SIGTERM');
  return undefined;
}

function progressLine(processes: ProfiledProcesses, leftMs: number): string {
  const count = processes.running.length;
  const what = count === 1 ? 'process' : 'processes';
  return `recording ${count} ${what}, ${formatDurationMs(Math.ceil(leftMs / 1000) * 1000) || '0s'} left (Ctrl-C ends early)`;
}
