import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { findProgram } from '../../../shared/find-program.ts';
import type { Logger } from '../../../shared/logger.ts';
import { ProcessEndedError, readProcStat } from '../../../shared/proc-files.ts';
import { fromPerfSamples } from '../../profile/from-perf-script.ts';
import { mergeProfiles } from '../../profile/merge-profiles.ts';
import { PerfSamples } from '../../profile/perf-samples.ts';
import type { ProfileSet } from '../../profile/profile-set.ts';
import { stackNow } from '../node/stack-now.ts';
import { OutsideTarget, type OutsideTargetFound } from '../outside-target.ts';
import type { RecorderPart } from '../outside-window.ts';
import type { ThreadNow, ThreadProfile } from '../profiler.ts';
import { privateFolder, RecorderProcess } from '../recorder-process.ts';
import { forksOf, settled } from './forks-of.ts';
import { perfError, perfNotInstalled } from './perf-error.ts';

export interface PerfOptions {
  logger: Logger;
  /** Gives up attaching. */
  signal: AbortSignal;
  rateHz: number;
  /** A profile for each thread. */
  threads?: boolean;
  /** At which size one file of perf ends, and another one follows. */
  largestFileKiB?: number;
}

const readyLimitMs = 30_000;
/**
 * Of each sampled stack so many bytes are copied, and unwound afterwards by what every library tells of its frames
 * (`.eh_frame`). Debian builds PostgreSQL, Redis and nginx without frame pointers: stacks by those end after one function.
 */
const stackBytes = 8192;
/** About 30,000 samples: more of them come only in windows that nobody turns. */
const usualLargestFileKiB = 256 * 1024;
/** Kernels limit perf to 25 % of a CPU by themselves; beyond this rate unwinding takes longer than the window. */
const maxHz = 1000;

/** Of more, those that ran least are counted with the process itself: a pool may hold hundreds. */
const mostForks = 32;
/** A process that ended while perf was told to sample it is not in the next list. */
const mostAttempts = 5;

/**
 * One process of any language, sampled by Linux perf: functions as far as its binaries have symbols. What it has forked,
 * and forks later, is sampled with it: the work of PostgreSQL and nginx is done there.
 */
export class PerfTarget extends OutsideTarget {
  readonly profiler = 'perf';
  readonly #options: PerfOptions;

  private constructor(found: OutsideTargetFound, version: string, options: PerfOptions) {
    super(found);
    this.#options = options;
    this.tell(`${version}, stacks of at most ${stackBytes / 1024} KiB`);
  }

  /**
   * Makes sure that perf may sample the process. Throws GaugewayError usage when it is not installed or lacks the right,
   * with the remedy; source_unreadable otherwise; ProcessEndedError.
   */
  static async attach(pid: number, options: PerfOptions): Promise<PerfTarget> {
    if (options.rateHz > maxHz) {
      throw new GaugewayError(
        'usage',
        `perf may take at most ${maxHz} samples a second, not ${options.rateHz}`,
      );
    }
    const { startTicks } = await readProcStat(pid);
    const program = await findProgram('perf');
    if (program === undefined) throw perfNotInstalled(pid);
    const version = (await promisify(execFile)(program, ['--version'])).stdout.trim();
    const target = new PerfTarget(
      { pid, startTicks, program, folder: await privateFolder() },
      version,
      options,
    );
    try {
      const { recorder } = await target.#record(options.signal);
      recorder.kill();
      await recorder.exited;
      return target;
    } catch (error) {
      await target.close();
      throw error;
    }
  }

  protected async begin(signal: AbortSignal): Promise<RecorderPart> {
    const { recorder, file } = await this.#record(signal);
    const startMs = nowMs();
    return {
      recorder,
      startMs,
      heard: (output) => {
        this.#hear(output);
        return !this.#options.signal.aborted;
      },
      read: async (endMs) => {
        await this.requireSame().catch(unlessEnded);
        return this.#read(file, { startMs, endMs });
      },
    };
  }

  async stackNow(): Promise<ThreadNow[]> {
    return stackNow(this.pid, async () => {
      const window = await this.start();
      const stop = async (): Promise<ThreadProfile[]> =>
        (await window.stop()).filter(({ pid }) => pid === undefined);
      return { ...window, stop };
    });
  }

  #hear(output: string): void {
    if (lostSamples(output)) this.tell('perf lost samples, so that times are too short');
  }

  /** Starts a recorder, and resolves when it samples. */
  async #record(signal: AbortSignal): Promise<{ recorder: RecorderProcess; file: string }> {
    const file = this.nextFile('data');
    for (let attempts = 1; ; attempts += 1) {
      await this.requireSame();
      const forks = await forksOf(this.pid);
      // Whoever forks all the time, as PostgreSQL does for parallel queries, has always one that ends meanwhile.
      const pids = [this.pid, ...(attempts === 1 ? forks : await settled(forks))];
      const recorder = new RecorderProcess(this.program, recordArguments(pids, file, this.#options));
      recorder.tell('enable\n');
      if (await recorder.said(/Events enabled/, readyLimitMs, signal)) return { recorder, file };
      if (signal.aborted) {
        throw new GaugewayError('interrupted', `interrupted while attaching to process ${this.pid}`);
      }
      await this.requireSame();
      const error = await perfError(this.pid, recorder.output);
      if (error.code === 'usage' || attempts === mostAttempts) throw error;
    }
  }

  async #read(
    file: string,
    { startMs, endMs }: { startMs: number; endMs: number },
  ): Promise<ThreadProfile[]> {
    const samples = new PerfSamples();
    const script = new RecorderProcess(this.program, scriptArguments(file), {
      onStdout: (piece) => samples.add(piece),
    });
    const { code, output } = await script.exited;
    await rm(file, { force: true });
    if (code !== 0) throw await perfError(this.pid, output);
    this.#hear(output);
    // A process that only waited was not sampled.
    if (samples.isEmpty) return [];
    const { parts } = fromPerfSamples(samples, {
      name: `pid ${this.pid}`,
      intervalUs: 1e6 / this.#options.rateHz,
      startMs,
      // perf tells monotonic time, and the clock of the run is that plus a constant.
      originUs: (startMs - runClockAheadMs()) * 1000,
      endMs,
    });
    const sampled = [...Map.groupBy(parts, ({ label }) => pidOf(label))]
      .map(([pid, own]) => ({
        pid,
        count: own.reduce((sum, { profile }) => sum + profile.samples.length, 0),
      }))
      .toSorted((a, b) => b.count - a.count);
    const apart = new Set(sampled.slice(0, mostForks).map(({ pid }) => pid));
    const byProcess = [
      ...Map.groupBy(parts, ({ label }) => (apart.has(pidOf(label)) ? pidOf(label) : this.pid)),
    ];
    return byProcess
      .toSorted(([a], [b]) => Number(b === this.pid) - Number(a === this.pid) || a - b)
      .flatMap(([pid, own]) => {
        const ofFork = pid === this.pid ? {} : { pid };
        return this.#threads(pid, own).map((each) => ({ ...each, ...ofFork }));
      });
  }

  #threads(pid: number, parts: ProfileSet['parts']): ThreadProfile[] {
    if (this.#options.threads !== true) {
      const profiles = parts.map(({ profile }) => profile);
      return [{ thread: 'all threads', profile: mergeProfiles(profiles, `pid ${pid}`) }];
    }
    return parts
      .map(({ label, profile }) => ({ thread: label.includes(', thread ') ? label : 'main', profile }))
      .toSorted((a, b) => Number(b.thread === 'main') - Number(a.thread === 'main'));
  }
}

/** Of a part's label, `comm (pid)` or `comm (pid, thread tid)`. */
function pidOf(label: string): number {
  return Number(/\((\d+)(?:, thread \d+)?\)$/.exec(label)?.[1]);
}

/** What the clock of the run is ahead of the kernel's monotonic clock, which it is made from: it never changes. */
function runClockAheadMs(): number {
  return nowMs() - Number(process.hrtime.bigint()) / 1e6;
}

/** Events begin when they are asked for on its stdin, which it confirms. Nothing is left in the user's own cache. */
function recordArguments(
  pids: readonly number[],
  file: string,
  { rateHz, largestFileKiB = usualLargestFileKiB }: PerfOptions,
): string[] {
  return [
    ...`record --pid ${pids.join(',')} --freq ${Math.round(rateHz)} --event cpu-clock --call-graph dwarf,${stackBytes}`.split(
      ' ',
    ),
    ...`--clockid CLOCK_MONOTONIC --delay=-1 --control fd:0 --no-buildid-cache --max-size ${largestFileKiB}K`.split(
      ' ',
    ),
    '--output',
    file,
  ];
}

function scriptArguments(file: string): string[] {
  return [
    ...'script --no-inline --ns --fields comm,pid,tid,time,period,event,ip,sym,dso --input'.split(' '),
    file,
  ];
}

/** What perf says of events that its buffers had no room for: of records, of samples, of chunks of its file. */
export function lostSamples(output: string): boolean {
  return /\blost \d+ (?:chunks|events|samples)|\blost [\d.]+%|\bchunks lost\b|\bevents are being lost\b/i.test(
    output,
  );
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof ProcessEndedError)) throw error;
}
