import { type Command, Option } from 'commander';
import { openProfiler } from '../lab/profilers/open-profiler.ts';
import { samplingIntervalUs } from '../lab/profilers/node/sampling-interval.ts';
import { StartedNode } from '../lab/profilers/node/started-node.ts';
import { runtimeOf } from '../lab/profilers/runtime-of.ts';
import type { CpuProfiler } from '../lab/profilers/profiler.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';

/** How a CPU profile is taken. */
export interface ProfilerFlags {
  /** Samples a second. */
  rate: number;
  native: boolean;
  blocking: boolean;
  idle: boolean;
  gil: boolean;
}

/** Of commands that keep what they have seen. */
export interface SamplingFlags extends ProfilerFlags {
  threads: boolean;
}

const usualRateHz = 100;
/** A faster one costs a busy Node process more than a tenth of its speed. */
const highestRateHz = 10_000;

export function addProfilerOptions(command: Command): void {
  command.addOption(
    new Option('--rate <hz>', 'samples a second; at 1000 a busy program itself becomes slower')
      .argParser(parseRate)
      .default(usualRateHz),
  );
  command
    .option('--native', 'Python: functions of extensions in C, C++ and Rust, too; pauses the process', false)
    .option('--blocking', 'Python: pause the process for each sample, for stacks without mistakes', false)
    .option('--idle', 'Python: count threads that wait, too', false)
    .option('--gil', 'Python: count only the thread that holds the interpreter lock', false);
}

/** What attaches to a process as the options say. */
export function profilerOpener(
  flags: ProfilerFlags,
  signal: AbortSignal,
  { started = false, threads = true }: { started?: boolean; threads?: boolean } = {},
): (pid: number) => Promise<CpuProfiler> {
  const { rate, native, blocking, idle, gil } = flags;
  const logger = createLogger('warn');
  const python = { native, blocking, idle, gil };
  return async (pid) =>
    started && (await runtimeOf(pid)) === 'node'
      ? StartedNode.attach(pid, { logger, signal, intervalUs: samplingIntervalUs(rate) })
      : openProfiler(pid, { logger, signal, rateHz: rate, threads, python });
}

/** A time of at least `leastMs`. Throws GaugewayError usage. */
export function timeFrom(leastMs: number): (text: string) => number {
  return (text) => {
    const timeMs = parseWaitMs(text);
    if (timeMs < leastMs) throw new GaugewayError('usage', `'${text}' is too short: at least ${leastMs}ms`);
    return timeMs;
  };
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (Number.isInteger(rate) && rate >= 1 && rate <= highestRateHz) return rate;
  throw new GaugewayError('usage', `--rate takes 1 to ${highestRateHz} samples a second, not '${text}'`);
}

/** How a look at one moment is taken. */
export const lookFlags: ProfilerFlags = {
  // Fine enough that a tenth of a second tells what ran in it.
  rate: 1000,
  native: false,
  blocking: false,
  idle: true,
  gil: false,
};

/** What tells threads apart in what is kept. */
export function addThreadsOption(command: Command): void {
  command.option('--threads', 'a part for each thread, and not only for each process', false);
}
