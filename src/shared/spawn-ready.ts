import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { sleep } from './clock.ts';
import { GaugewayError } from './errors.ts';
import { maskSecrets } from './mask-secrets.ts';

const stderrTailLines = 20;
const linesInMessage = 3;
const stderrGraceMs = 500;
/** Blank lines, and what Node prints around the message of an error that nobody caught. */
const withoutMeaning = /^\s*$|^\s+at |^Node\.js v|^\s*\^+$/;

/** The one line of JSON that a server process prints on stdout when it takes connections. */
export interface ReadyLine {
  event: 'listening';
  url: string;
  pid: number;
}

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of its stderr, secrets masked. */
  stderrTail: string[];
}

export interface SpawnReadyOptions {
  /** What the process is called in errors, e.g. `gateway`. */
  name: string;
  command: string;
  args: readonly string[];
  /** Laid over this process's own environment; undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** 30,000 when absent. */
  readyTimeoutMs?: number;
  /** How long `stop` waits between SIGTERM and SIGKILL; 10,000 when absent. */
  stopTimeoutMs?: number;
  /** Ends the process when it fires before the process is ready. */
  signal?: AbortSignal;
  onStderrLine?: (line: string) => void;
}

/** A child process that said it is ready. */
export interface ReadyProcess extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM, then SIGKILL on a bound; resolves when the process is gone. Idempotent, never rejects. */
  stop(): Promise<void>;
}

/**
 * Starts a server process and waits for its {@link ReadyLine}. Its stdin is a pipe that stays open as long as this
 * process lives, which is how a child with `--exit-with-parent` learns that it is alone; it has a session of its
 * own, so that Ctrl-C in a terminal reaches the parent only, which then stops its children in order.
 * Throws GaugewayError unavailable with the last lines of stderr when the process ends or stays silent,
 * interrupted on `signal`; the process is gone by then.
 */
export async function spawnReady(options: SpawnReadyOptions): Promise<ReadyProcess> {
  const { name, signal, readyTimeoutMs = 30_000, stopTimeoutMs = 10_000 } = options;
  if (signal?.aborted) throw new GaugewayError('interrupted', `interrupted before starting ${name}`);
  const child = spawn(options.command, options.args, {
    env: { ...process.env, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // A pipe to a process that has just ended breaks; its exit tells the same.
  child.stdin.on('error', () => child.stdin.destroy());
  const stderrTail: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    stderrTail.push(maskSecrets(line));
    if (stderrTail.length > stderrTailLines) stderrTail.shift();
    options.onStderrLine?.(line);
  });
  const exited = waitForExit(child, stderrTail);
  const timeout = new AbortController();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= endProcess(child, exited, stopTimeoutMs));
  const first = await Promise.race([
    readReadyLine(child).then((line) => ({ line })),
    exited.then((exit) => ({ exit })),
    sleep(readyTimeoutMs, AbortSignal.any([timeout.signal, ...(signal ? [signal] : [])])).then(() => ({
      gaveUp: true,
    })),
  ]);
  timeout.abort();
  if ('line' in first) {
    return { pid: first.line.pid, url: first.line.url, exited, stop, [Symbol.asyncDispose]: stop };
  }
  await stop();
  if (signal?.aborted) throw new GaugewayError('interrupted', `interrupted while starting ${name}`);
  if ('exit' in first) throw new GaugewayError('unavailable', describeExit(name, first.exit));
  throw new GaugewayError(
    'unavailable',
    `${name} was not ready after ${readyTimeoutMs / 1000} s${lastLines(stderrTail)}`,
  );
}

/** One line that says how a process ended, with the end of its stderr. */
export function describeExit(name: string, exit: ProcessExit): string {
  const how =
    exit.signal !== null
      ? `was ended by ${exit.signal}`
      : exit.code !== null
        ? `ended with exit code ${exit.code}`
        : 'could not be started';
  return `${name} ${how}${lastLines(exit.stderrTail)}`;
}

function lastLines(stderrTail: readonly string[]): string {
  const lines = stderrTail.filter((line) => !withoutMeaning.test(line)).slice(-linesInMessage);
  return lines.length === 0 ? '' : `: ${lines.join(' | ')}`;
}

async function waitForExit(child: ChildProcess, stderrTail: string[]): Promise<ProcessExit> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      stderrTail.push(error.message);
      if (child.pid === undefined) resolve({ code: null, signal: null, stderrTail });
    });
    // By `close` all of stderr was read; a grandchild that holds stderr open must not hold us up.
    child.on('close', (code, signal) => resolve({ code, signal, stderrTail }));
    child.on('exit', (code, signal) => {
      void sleep(stderrGraceMs).then(() => resolve({ code, signal, stderrTail }));
    });
  });
}

/** Lines that are no ready line are passed over; stdout is read on to its end so that the child never blocks. */
async function readReadyLine(child: ChildProcess): Promise<ReadyLine> {
  return new Promise((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = parseReadyLine(line);
      if (ready !== undefined) resolve(ready);
    });
  });
}

function parseReadyLine(line: string): ReadyLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isReadyLine(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isReadyLine(value: unknown): value is ReadyLine {
  return (
    typeof value === 'object' &&
    value !== null &&
    'event' in value &&
    value.event === 'listening' &&
    'url' in value &&
    typeof value.url === 'string' &&
    'pid' in value &&
    typeof value.pid === 'number'
  );
}

async function endProcess(
  child: ChildProcess,
  exited: Promise<ProcessExit>,
  stopTimeoutMs: number,
): Promise<void> {
  child.kill('SIGTERM');
  // An open stdin that the child reads would keep its event loop alive after everything else is closed.
  child.stdin?.end();
  const killTimer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(killTimer);
}
