import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import { findProgram } from '../../../shared/find-program.ts';
import type { Logger } from '../../../shared/logger.ts';
import { readProcStat } from '../../../shared/proc-files.ts';
import { hasErrorCode } from '../../../shared/system-error.ts';
import { OutsideTarget, type OutsideTargetFound } from '../outside-target.ts';
import type { RecorderPart } from '../outside-window.ts';
import type { ProfilingWindow, ThreadNow, ThreadProfile } from '../profiler.ts';
import { privateFolder, RecorderProcess } from '../recorder-process.ts';
import { dumpPython } from './py-spy-dump.ts';
import { pythonNow } from './python-now.ts';
import { notInstalled, pySpyError } from './py-spy-error.ts';
import { pySpyView, type PySpyView } from './py-spy-view.ts';
import { mainThread, readRaw } from './read-raw.ts';

/** How Python is sampled. All are off by default. */
export interface PythonSampling {
  /** Pauses the process for each sample, which makes stacks consistent and is felt by whoever waits for it. */
  blocking?: boolean;
  /** Shows functions of extensions in C, C++ and Rust, too; pauses the process as `blocking` does. */
  native?: boolean;
  /** Counts threads that wait, too: where time goes instead of where the CPU goes. */
  idle?: boolean;
  /** Counts only the thread that holds the global interpreter lock. */
  gil?: boolean;
  /** Follows the processes that it starts. */
  subprocesses?: boolean;
}

export interface PySpyOptions {
  logger: Logger;
  /** Gives up attaching. */
  signal: AbortSignal;
  rateHz: number;
  /** A profile for each thread. */
  threads?: boolean;
  python?: PythonSampling;
  /** How long one py-spy runs at most, in whole seconds. */
  limitS?: number;
}

/** Beyond this, pausing all threads for each sample stops programs of many threads. */
const maxBlockingHz = 100;
const maxHz = 1000;
/** py-spy reads the symbols of the interpreter first, which takes a third of a second on an idle machine. */
const attachLimitMs = 30_000;
/** A lab that was killed by SIGKILL leaves a recorder that ends by then; in a longer window, another one follows it. */
const usualLimitS = 600;
/** A recorder that takes more of a core than this, twice in a row, is ended, and the next one samples at half the rate. */
const tooBusyShare = 0.5;
const watchEveryMs = 2000;
const leastHz = 10;

/** One Python process, sampled from outside by py-spy. Nothing of it changes. */
export class PySpyTarget extends OutsideTarget {
  readonly profiler = 'py-spy';
  readonly #options: PySpyOptions;
  readonly #view: PySpyView;
  #rateHz: number;
  #samples = 0;
  #errors = 0;

  private constructor(
    found: OutsideTargetFound,
    { version, view }: { version: string; view: PySpyView },
    options: PySpyOptions,
  ) {
    super(found);
    this.#view = view;
    this.#options = options;
    this.#rateHz = options.rateHz;
    const how = pausesProcess(options.python)
      ? 'the process pauses for each sample'
      : 'without pausing the process';
    this.tell(`${version}, ${how}`);
    if (view.fault !== undefined) this.tell(view.fault);
  }

  /**
   * Makes sure that py-spy can read the process. Throws GaugewayError usage when it is not installed, lacks the right or
   * does not know this Python, with the remedy; source_unreadable otherwise; ProcessEndedError.
   */
  static async attach(pid: number, options: PySpyOptions): Promise<PySpyTarget> {
    requireRate(options);
    const { startTicks } = await readProcStat(pid);
    const program = await findPySpy();
    if (program === undefined) throw notInstalled(pid);
    const version = await versionOf(program);
    const view = await pySpyView(pid, program);
    await dumpPython(pid, view, { signal: options.signal });
    const found = { pid, startTicks, program, folder: await privateFolder() };
    const target = new PySpyTarget(found, { version, view }, options);
    try {
      await target.requireSame();
      return target;
    } catch (error) {
      await target.close();
      throw error;
    }
  }

  override async start(): Promise<ProfilingWindow> {
    // Two that pause the process would each take the pauses of the other for waiting.
    if (pausesProcess(this.#options.python)) this.interruptWindows();
    return super.start();
  }

  protected async begin(signal: AbortSignal): Promise<RecorderPart> {
    await this.requireSame();
    const file = this.nextFile('raw');
    const rateHz = this.#rateHz;
    const { python, limitS = usualLimitS } = this.#options;
    const { command, args, pid, forks } = this.#view;
    const recorder = new RecorderProcess(
      command,
      [...args, ...recordArguments(pid, { file, rateHz, limitS, python })],
      { forks },
    );
    const begun = await recorder.said(/Sampling process/, attachLimitMs, signal);
    const startMs = nowMs();
    if (!begun) {
      await this.requireSame();
      throw await pySpyError(this.pid, this.program, recorder.output);
    }
    let isLast = false;
    const watch = this.#watch(recorder, () => {
      isLast = true;
    });
    void recorder.exited.then(() => clearInterval(watch));
    return {
      recorder,
      startMs,
      heard: (output) => {
        this.#learn(output);
        return !isLast && !this.lost && !this.#options.signal.aborted;
      },
      read: async (endMs) => {
        const text = await readFile(file, 'utf8').catch(orNothing);
        await rm(file, { force: true });
        return this.#profiles(text, { startMs, endMs, intervalUs: 1e6 / rateHz });
      },
    };
  }

  /** Where each thread is now; `busyShare` is 1 or 0, as one look tells no more. */
  async stackNow(): Promise<ThreadNow[]> {
    await this.requireSame();
    const { signal } = new AbortController();
    return pythonNow(this.pid, await dumpPython(this.pid, this.#view, { signal }));
  }

  override facts(): string[] {
    const failed =
      this.#errors === 0
        ? []
        : [`${this.#errors} of ${this.#errors + this.#samples} samples could not be read`];
    return [...super.facts(), ...failed];
  }

  #profiles(text: string, place: { startMs: number; endMs: number; intervalUs: number }): ThreadProfile[] {
    const apart = this.#options.threads === true;
    return readRaw(text, { ...place, pid: this.#view.pid, apart }).map(({ pid, thread, profile }) => {
      const name = thread === undefined ? 'all threads' : thread === mainThread ? 'main' : thread;
      return { thread: name, ...(pid === this.#view.pid ? {} : { pid }), profile };
    });
  }

  /** Keeps what py-spy said of its own work. */
  #learn(output: string): void {
    const [, samples = '0', errors = '0'] = /Samples: (\d+) Errors: (\d+)/.exec(output) ?? [];
    this.#samples += Number(samples);
    this.#errors += Number(errors);
    if (/process exited/.test(output)) this.markLost();
    if (/behind in sampling/.test(output))
      this.tell('py-spy fell behind in sampling, so that times are too short');
  }

  /** py-spy was seen to take whole cores from what it samples. `onGivingUp`: it does so at the lowest rate, too. */
  #watch(recorder: RecorderProcess, onGivingUp: () => void): NodeJS.Timeout {
    let lastMs = 0;
    let busy = 0;
    const look = async (): Promise<void> => {
      const cpuMs = await recorder.cpuMs();
      if (cpuMs === undefined) return;
      busy = cpuMs - lastMs > tooBusyShare * watchEveryMs ? busy + 1 : 0;
      lastMs = cpuMs;
      if (busy < 2) return;
      busy = 0;
      const isLast = this.#rateHz <= leastHz;
      if (isLast) onGivingUp();
      this.#rateHz = Math.max(Math.min(leastHz, this.#rateHz), this.#rateHz / 2);
      const after = isLast ? 'not before the next window' : `at ${this.#rateHz} Hz after that`;
      this.tell(`py-spy took more than half of a core: it was stopped, and samples ${after}`);
      recorder.interrupt();
      this.#options.logger.warn('py-spy takes too much CPU', { pid: this.pid, rateHz: this.#rateHz });
    };
    return setInterval(() => void look(), watchEveryMs).unref();
  }
}

/** On PATH, and where pip puts what a user installs. */
export function findPySpy(): Promise<string | undefined> {
  return findProgram('py-spy', [join(homedir(), '.local/bin')]);
}

/** E.g. `py-spy 0.4.3`. */
async function versionOf(program: string): Promise<string> {
  return (await promisify(execFile)(program, ['--version'])).stdout.trim();
}

function pausesProcess({ blocking = false, native = false }: PythonSampling = {}): boolean {
  return blocking || native;
}

function requireRate({ rateHz, python }: PySpyOptions): void {
  const limit = pausesProcess(python) ? maxBlockingHz : maxHz;
  if (rateHz <= limit) return;
  const how = pausesProcess(python) ? 'py-spy that pauses the process for each sample' : 'py-spy';
  throw new GaugewayError('usage', `${how} may take at most ${limit} samples a second, not ${rateHz}`);
}

/** Frames carry the first line of their function, so that a function is one frame, as in profiles of V8. */
function recordArguments(
  pid: number,
  given: { file: string; rateHz: number; limitS: number; python: PythonSampling | undefined },
): string[] {
  const { file, rateHz, limitS, python = {} } = given;
  return [
    ...`record --pid ${pid} --rate ${Math.round(rateHz)} --duration ${limitS}`.split(' '),
    ...'--format raw --threads --full-filenames --function --output'.split(' '),
    file,
    ...(python.native === true ? ['--native'] : []),
    ...(pausesProcess(python) ? [] : ['--nonblocking']),
    ...(python.idle === true ? ['--idle'] : []),
    ...(python.gil === true ? ['--gil'] : []),
    ...(python.subprocesses === true ? ['--subprocesses'] : []),
  ];
}

/** A recorder that was ended before its first sample wrote nothing. */
function orNothing(error: unknown): string {
  if (hasErrorCode(error, 'ENOENT')) return '';
  throw error;
}
