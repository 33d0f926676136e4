import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../shared/clock.ts';
import { readChildPids, readProcStat, unlessEnded } from '../../shared/proc-files.ts';

/** What a recorder says on both outputs is kept up to this length; beyond it, its end is. */
const maxOutput = 20_000;
/** A recorder that does not write down what it has in this time is killed. */
const patienceMs = 20_000;

/** How a recorder ended. */
export interface RecorderExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said on both outputs, or on stderr where somebody else takes stdout. */
  output: string;
}

export interface RecorderProcessOptions {
  /** Takes what it writes to stdout, piece by piece as it comes; nothing of it is kept. */
  onStdout?: (piece: string) => void;
  /** Its only child does the work, and ends with it. */
  forks?: boolean;
}

const alive = new Set<ChildProcess>();
const folders = new Set<string>();
let isWatched = false;

/**
 * No recorder outlives this process, whatever ended it short of SIGKILL. After that, py-spy ends by its limit of time, and
 * perf at once, as its stdin, which it is controlled by, has closed.
 */
function leaveNothingBehind(): void {
  if (isWatched) return;
  isWatched = true;
  process.once('exit', () => {
    for (const child of alive) child.kill('SIGKILL');
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
}

/**
 * A program that samples a process from outside, as a child: py-spy or perf. SIGINT lets it write what it has. It stays
 * in our group of processes, so that Ctrl-C in a terminal ends its sampling in the same moment.
 */
export class RecorderProcess {
  readonly exited: Promise<RecorderExit>;
  readonly #child: ChildProcess;
  readonly #forks: boolean;
  #output = '';
  #onOutput: (() => void) | undefined;

  /** Throws nothing: a program that cannot be started ends at once. */
  constructor(
    command: string,
    args: readonly string[],
    { onStdout, forks = false }: RecorderProcessOptions = {},
  ) {
    leaveNothingBehind();
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // Its end is told by its exit.
    child.stdin.on('error', () => child.stdin.destroy());
    this.#child = child;
    this.#forks = forks;
    alive.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (onStdout !== undefined && stream === child.stdout) return onStdout(text);
        this.#output = (this.#output + text).slice(-maxOutput);
        return this.#onOutput?.();
      });
    }
    this.exited = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        alive.delete(child);
        resolve({ code, signal, output: this.#output });
        this.#onOutput?.();
      };
      child.on('close', end);
      child.on('error', (error) => {
        this.#output += error.message;
        if (child.pid === undefined) end(null, null);
      });
    });
  }

  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return !alive.has(this.#child);
  }

  /** Writes to its stdin. */
  tell(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Waits until it says something; false when it ends without that, `limitMs` pass or `signal` aborts: it is killed then. */
  async said(words: RegExp, limitMs: number, signal: AbortSignal): Promise<boolean> {
    const quit = new AbortController();
    const heard = new Promise<void>((resolve) => {
      this.#onOutput = () => {
        if (words.test(this.#output) || this.hasEnded) resolve();
      };
      this.#onOutput();
    });
    await Promise.race([heard, sleep(limitMs, AbortSignal.any([signal, quit.signal]))]);
    quit.abort();
    this.#onOutput = undefined;
    if (words.test(this.#output) && !signal.aborted) return true;
    this.kill();
    await this.exited;
    return false;
  }

  /** Milliseconds of CPU that it has used; undefined when it has ended. */
  async cpuMs(): Promise<number | undefined> {
    const { pid } = this.#child;
    if (pid === undefined || this.hasEnded) return undefined;
    return unlessEnded(async () => {
      const worker = this.#forks ? (await readChildPids(pid))[0] : pid;
      return worker === undefined ? undefined : (await readProcStat(worker)).cpuMs;
    });
  }

  /** Has it write down what it has, and waits for that. */
  async finish(): Promise<RecorderExit> {
    this.interrupt();
    const killer = setTimeout(() => this.kill(), patienceMs);
    const exit = await this.exited;
    clearTimeout(killer);
    return exit;
  }

  interrupt(): void {
    if (!this.hasEnded) this.#child.kill('SIGINT');
  }

  kill(): void {
    if (!this.hasEnded) this.#child.kill('SIGKILL');
  }
}

/** A folder that only this user may look into, for what recorders write; gone with this process at the latest. */
export async function privateFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  leaveNothingBehind();
  const path = await mkdtemp(join(tmpdir(), 'gaugeway-profile-'));
  folders.add(path);
  return {
    path,
    async remove() {
      folders.delete(path);
      await rm(path, { recursive: true, force: true });
    },
  };
}
