import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { longestTimerMs } from '../../shared/duration.ts';
import { GaugewayError } from '../../shared/errors.ts';
import type { LoadPlan } from './load-plan.ts';
import type { GeneratorCommand, GeneratorReport } from './messages.ts';
import type { ProcessShare } from './process-share.ts';

/** What the generator gets on top of the grace, and of the time that its teardown may take, before it is killed. */
const killDelayMs = 2_000;
const stderrTailLength = 2_000;

/** One process of the load generator. */
export interface GeneratorProcess {
  readonly pid: number;
  /**
   * Resolves when the process is gone after it said that it is done, or was killed here because it did not end in time
   * (which is reported as a warning); else rejects with the reason.
   */
  readonly finished: Promise<void>;
  /** Does nothing when the process is gone. */
  send(command: GeneratorCommand): void;
  /** Ends its users; requests in flight may finish within `graceMs`. */
  stop(graceMs: number): void;
}

/**
 * Forks one generator process and gives it its plan; it dies with this one. `onReport` is given everything but how it
 * ended, which is told by `finished`. Throws GaugewayError internal when no process can be started.
 */
export function startGenerator(
  plan: LoadPlan,
  share: ProcessShare,
  onReport: (report: GeneratorReport) => void,
): GeneratorProcess {
  const child = forkEntry();
  const finished = Promise.withResolvers<void>();
  const name = (): string => nameOf(share, child.pid);
  let failure: GaugewayError | undefined;
  let channelFailure: GaugewayError | undefined;
  let saidFinished = false;
  let killedHere = false;
  let stderrTail = '';
  let killer: NodeJS.Timeout | undefined;
  let killAtMs = Infinity;
  /** 0 before it takes down what was set up. */
  let tearDownMs = 0;
  const killAfter = (patienceMs: number): void => {
    const waitMs = Math.min(patienceMs, longestTimerMs);
    killAtMs = performance.now() + waitMs;
    clearTimeout(killer);
    killer = setTimeout(() => (killedHere = child.kill('SIGKILL')), waitMs);
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-stderrTailLength);
  });
  child.on('message', (report: GeneratorReport) => {
    if (report.type === 'finished') saidFinished = true;
    else if (report.type === 'tearing-down') {
      // Is not killed in the middle of it, however short the grace of its users is.
      tearDownMs = report.limitMs;
      if (killer !== undefined) killAfter(killAtMs - performance.now() + tearDownMs);
    } else if (report.type === 'failed') failure = new GaugewayError(report.code, report.message);
    else onReport(report);
  });
  child.on('error', (error) => {
    // What is sent to a process that ends meanwhile fails (EPIPE), which is nothing once it has said that it is done.
    channelFailure ??= new GaugewayError('internal', `${name()}: ${error.message}`, { cause: error });
  });
  const { pid } = child;
  if (pid === undefined) throw new GaugewayError('internal', 'the load generator could not be started');
  child.on('close', (code, killedBy) => {
    clearTimeout(killer);
    if (failure !== undefined) return finished.reject(failure);
    if (saidFinished) return finished.resolve();
    if (killedHere) {
      const message = `${name()} did not end in time and was killed: its last figures may be missing`;
      onReport({ type: 'warning', message });
      return finished.resolve();
    }
    const how = killedBy ?? `exit code ${code}`;
    finished.reject(channelFailure ?? diedError(name(), how, stderrTail));
  });
  const send = (command: GeneratorCommand): void => {
    if (child.connected) child.send(command);
  };
  send({ type: 'plan', plan, share });
  return {
    pid,
    finished: finished.promise,
    send,
    stop(graceMs) {
      send({ type: 'stop', graceMs });
      const patienceMs = graceMs + tearDownMs + killDelayMs;
      // A later stop with more grace takes back none of an earlier one.
      if (tearDownMs === 0 || killer === undefined) {
        if (performance.now() + patienceMs < killAtMs) killAfter(patienceMs);
      }
    },
  };
}

/** The entry beside this file, `.ts` in a checkout and `.js` in the published package. */
function forkEntry(): ChildProcess {
  const own = fileURLToPath(import.meta.url);
  const entry = fileURLToPath(new URL(`./generator${extname(own)}`, import.meta.url));
  const environment = { ...process.env };
  // Preloads, inspectors and profilers of this process are not meant for the generator.
  delete environment['NODE_OPTIONS'];
  return fork(entry, [], { execArgv: [], env: environment, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
}

function nameOf({ index, processes }: ProcessShare, pid: number | undefined): string {
  return processes === 1
    ? 'the load generator'
    : `load generator ${index + 1} of ${processes} (process ${pid})`;
}

function diedError(name: string, how: string, stderrTail: string): GaugewayError {
  const lines = stderrTail.trim().split('\n');
  // Node ends what it says of an uncaught error with its own version.
  const reason = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return new GaugewayError('internal', `${name} died (${how})${reason === '' ? '' : `: ${reason}`}`);
}
