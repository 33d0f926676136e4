import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GaugewayError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import type { LoadSample } from '../timeline/samples.ts';
import type { LoadPlan, LoadPlanSummary } from './load-plan.ts';
import type { GeneratorCommand, GeneratorReport } from './messages.ts';

/** How long requests in flight may take to finish when a load is stopped, in milliseconds. */
const defaultStopGraceMs = 5_000;
/** What the generator gets on top of the grace to say goodbye before it is killed. */
const killDelayMs = 2_000;
const stderrTailLength = 2_000;

export interface LoadOptions {
  /** Once a second; `atMs` is the end of the sample's window on the run's clock. */
  onSample(sample: LoadSample, atMs: number): void;
  /** Each time that every user asked for is running: after the ramp, and after each change. */
  onRamped?(): void;
  /** What the code of a scenario's module threw; the user that ran it goes on. */
  onException?(exception: { message: string; traceback: string }): void;
  logger: Logger;
  /** Ends the load at once, without waiting for requests in flight. */
  signal?: AbortSignal;
}

/** A load that runs in its own process. */
export interface LoadHandle {
  readonly pid: number;
  /** What will be asked of the target, and what is left out; rejects when the target cannot be listed. */
  readonly planned: Promise<LoadPlanSummary>;
  /** Resolves when every user of the plan is running; rejects when the load ends before that. */
  readonly ramped: Promise<void>;
  /** Resolves when the generator has ended as asked (or all iterations are done); rejects when it failed. */
  readonly finished: Promise<void>;
  /** Grows or shrinks the number of users while the load runs. */
  setUsers(users: number, spawnRate: number): void;
  /** Ends every user; requests in flight may finish within `graceMs`. Resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts the load generator in its own process, so that it neither slows the lab nor is slowed by it.
 * The process dies with this one. Samples stop with `finished`.
 */
export function startLoad(plan: LoadPlan, options: LoadOptions): LoadHandle {
  const child = forkGenerator();
  const { pid } = child;
  if (pid === undefined) {
    child.on('error', (error) =>
      options.logger.error('the load generator cannot start', { error: error.message }),
    );
    throw new GaugewayError('internal', 'the load generator could not be started');
  }
  const planned = Promise.withResolvers<LoadPlanSummary>();
  const ramped = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<void>();
  // The failure is told by each of the three; a caller that awaits only one of them must not crash on the others.
  for (const { promise } of [planned, ramped, finished]) promise.catch(() => undefined);

  let failure: GaugewayError | undefined;
  let ended = false;
  let stopping = false;
  let stderrTail = '';
  const send = (command: GeneratorCommand): void => {
    if (child.connected) child.send(command);
  };

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-stderrTailLength);
  });
  child.on('message', (report: GeneratorReport) => {
    switch (report.type) {
      case 'planned':
        return planned.resolve(report.summary);
      case 'ramped':
        ramped.resolve();
        return options.onRamped?.();
      case 'sample':
        return options.onSample(report.sample, report.atMs);
      case 'exception':
        return options.onException?.({ message: report.message, traceback: report.traceback });
      case 'finished':
        ended = true;
        return;
      case 'failed':
        failure = new GaugewayError(report.code, report.message);
        return;
    }
  });
  child.on('error', (error) => {
    failure ??= new GaugewayError('internal', `load generator: ${error.message}`, { cause: error });
  });
  child.on('close', (code, killedBy) => {
    options.signal?.removeEventListener('abort', abort);
    const reason = failure ?? (ended || stopping ? undefined : diedError(code, killedBy, stderrTail));
    if (reason !== undefined)
      options.logger.debug('the load generator failed', { pid, error: reason.message });
    const tooEarly = reason ?? new GaugewayError('interrupted', 'the load was stopped');
    planned.reject(tooEarly);
    ramped.reject(tooEarly);
    if (reason === undefined) finished.resolve();
    else finished.reject(reason);
  });

  const closed = finished.promise.then(
    () => undefined,
    () => undefined,
  );
  function stop(graceMs = defaultStopGraceMs): Promise<void> {
    stopping = true;
    send({ type: 'stop', graceMs });
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs + killDelayMs);
    return closed.finally(() => clearTimeout(killer));
  }
  function abort(): void {
    void stop(0);
  }

  send({ type: 'start', plan });
  if (options.signal?.aborted === true) abort();
  else options.signal?.addEventListener('abort', abort, { once: true });

  return {
    pid,
    planned: planned.promise,
    ramped: ramped.promise,
    finished: finished.promise,
    setUsers: (users, spawnRate) => send({ type: 'users', users, spawnRate }),
    stop,
  };
}

/** The entry beside this file, `.ts` in a checkout and `.js` in the published package. */
function forkGenerator(): ChildProcess {
  const own = fileURLToPath(import.meta.url);
  const entry = fileURLToPath(new URL(`./generator${extname(own)}`, import.meta.url));
  const environment = { ...process.env };
  // Preloads, inspectors and profilers of this process are not meant for the generator.
  delete environment['NODE_OPTIONS'];
  return fork(entry, [], { execArgv: [], env: environment, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

function diedError(code: number | null, killedBy: string | null, stderrTail: string): GaugewayError {
  const how = killedBy === null ? `exit code ${code}` : killedBy;
  const lastLine = stderrTail.trim().split('\n').at(-1) ?? '';
  return new GaugewayError(
    'internal',
    `the load generator died (${how})${lastLine === '' ? '' : `: ${lastLine}`}`,
  );
}
