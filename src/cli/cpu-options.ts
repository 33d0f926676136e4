import { type Command, Option } from 'commander';
import { openProfiler } from '../lab/profilers/open-profiler.ts';
import type { CpuProfiler } from '../lab/profilers/profiler.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError } from '../shared/errors.ts';
import { createLogger } from '../shared/logger.ts';

/** How a CPU profile is taken. */
export interface ProfilerFlags {
  /** Samples a second. */
  rate: number;
}

const usualRateHz = 100;
/** A faster one costs a busy Node process more than a tenth of its speed. */
const highestRateHz = 10_000;

export function addProfilerOptions(command: Command): void {
  command.addOption(
    new Option('--rate <hz>', 'samples a second; above 1000 the process itself becomes slower')
      .argParser(parseRate)
      .default(usualRateHz),
  );
}

/** What attaches to a process as the options say. */
export function profilerOpener(
  { rate }: ProfilerFlags,
  signal: AbortSignal,
): (pid: number) => Promise<CpuProfiler> {
  const logger = createLogger('warn');
  return (pid) => openProfiler(pid, { logger, signal, rateHz: rate });
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
