import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { nowMs, sleep } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { ownListeningSockets } from '../../shared/listening-ports.ts';
import { readProcLink, readProcStatus } from '../../shared/proc-files.ts';
import { hasErrorCode } from '../../shared/system-error.ts';
import { sigusr1Bit } from '../profilers/node/attachable.ts';
import { inspectorOptionsOf } from '../profilers/node/inspector-options.ts';
import type { Runtime } from '../profilers/runtime-of.ts';

/** How a program ended: with a code of its own, or by a signal. */
export interface ProgramEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Programs that only start others: what they start is meant. */
const wrappers = /^(?:ba|da|z|k|fi)?sh$|^(?:make|env|tini|dumb-init|sudo|time|timeout|xargs|nice|npm|npx)$/;
/** As long a program may take to become what it is for. */
const becomesMs = 400;
const stopTimeoutMs = 5000;

/** A program that was started to be profiled. It has a session of its own: Ctrl-C reaches it only from here. */
export class StartedProgram {
  readonly pid: number;
  readonly command: string;
  readonly ended: Promise<ProgramEnd>;
  readonly #startedMs = nowMs();
  #hasEnded = false;

  private constructor(pid: number, command: string, ended: Promise<ProgramEnd>) {
    this.pid = pid;
    this.command = command;
    this.ended = ended.then((end) => {
      this.#hasEnded = true;
      return end;
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** `nodeOptions` go to every Node below it, as wrappers like npm start others. Throws GaugewayError usage when there is no such program. */
  static async start(
    words: readonly string[],
    options: { stdio: StdioOptions; nodeOptions: readonly string[] },
  ): Promise<StartedProgram> {
    const [command = '', ...args] = words;
    const given = process.env['NODE_OPTIONS'];
    const nodeOptions = [...(given === undefined ? [] : [given]), ...options.nodeOptions];
    const child = spawn(command, args, {
      stdio: options.stdio,
      env: { ...process.env, NODE_OPTIONS: nodeOptions.join(' ') },
      detached: true,
    });
    const ended = new Promise<ProgramEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new GaugewayError('usage', `${command} cannot be started: ${messageOf(cause)}`, { cause });
    }
    return new StartedProgram(child.pid ?? 0, words.join(' '), ended);
  }

  /** Whether a process of it has come so far that it can be attached to. */
  async isReady(pid: number, runtime: Runtime): Promise<boolean> {
    if (runtime === 'node') return (await hasInspector(pid)) || (await catchesSigusr1(pid));
    if (runtime === 'python') return true;
    const program = await readProcLink(pid, 'exe');
    return nowMs() - this.#startedMs > becomesMs && !wrappers.test(program.split('/').at(-1) ?? '');
  }

  /** Sends a signal to it and to what it started. */
  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if (!hasErrorCode(error, 'ESRCH')) throw error;
    }
  }

  /** Asks it to end, and makes it end after five seconds. */
  async stop(signal: NodeJS.Signals): Promise<ProgramEnd> {
    this.kill(signal);
    const patience = new AbortController();
    const end = await Promise.race([this.ended, sleep(stopTimeoutMs, patience.signal)]);
    patience.abort();
    if (end !== undefined) return end;
    this.kill('SIGKILL');
    return this.ended;
  }
}

/** Of one that waits for its profiler: then nothing else listens in it yet. */
async function hasInspector(pid: number): Promise<boolean> {
  const { startedWithInspector } = await inspectorOptionsOf(pid);
  return startedWithInspector && (await ownListeningSockets(pid)).length > 0;
}

async function catchesSigusr1(pid: number): Promise<boolean> {
  const { startedWithInspector } = await inspectorOptionsOf(pid);
  return !startedWithInspector && ((await readProcStatus(pid)).caughtSignals & sigusr1Bit) !== 0n;
}

/** As a shell counts it: the program's own code, or 128 and the number of the signal. */
export function exitCodeOfProgram({ code, signal }: ProgramEnd): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
