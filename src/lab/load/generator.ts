/**
 * One process of the load generator, started by generator-process.ts over Node's IPC channel. Once a second it
 * reports what its users saw, and how it fares itself. It ends with its parent.
 */
import { nowMs } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { ExceptionCounter } from './exception-counter.ts';
import { watchOwnProcess } from './generator-vitals.ts';
import { LoadEngine } from './load-engine.ts';
import type { LoadPlan } from './load-plan.ts';
import type { GeneratorCommand, GeneratorReport } from './messages.ts';
import type { ProcessShare } from './process-share.ts';

const windowMs = 1_000;
/** Different exceptions that one window tells of. */
const maxExceptions = 20;

type BeginCommand = Extract<GeneratorCommand, { type: 'begin' }>;

function report(message: GeneratorReport, onSent?: () => void): void {
  if (process.send !== undefined && process.connected) process.send(message, undefined, {}, onSent);
}

/** This process's part of a load, from its plan to its end. */
class Run {
  readonly #engine: LoadEngine;
  readonly #vitals = watchOwnProcess();
  readonly #exceptions = new ExceptionCounter(maxExceptions);
  readonly #allRamped = Promise.withResolvers<number>();
  readonly #othersEnded = Promise.withResolvers<void>();
  #change = 0;
  /** On the run's clock; undefined until it begins. */
  #beganMs: number | undefined;
  #windowStartMs = 0;
  #nextWindow = 1;
  #ticker: NodeJS.Timeout | undefined;
  /** How it ends; what comes after that is no news. */
  #last: GeneratorReport | undefined;

  constructor(plan: LoadPlan, share: ProcessShare) {
    this.#engine = new LoadEngine(plan, {
      share,
      othersEnded: this.#othersEnded.promise,
      onRamped: () => {
        report({ type: 'ramped', change: this.#change });
        return this.#allRamped.promise;
      },
      onException: (error) => this.#exceptions.addError(error),
      onTearDown: (limitMs) => report({ type: 'tearing-down', limitMs }),
      onWarning: (message) => report({ type: 'warning', message }),
    });
    this.#engine.done.then(
      () => this.#finish({ type: 'finished' }),
      (error: unknown) => this.#fail(error),
    );
    report({ type: 'ready' });
  }

  prepare(): void {
    this.#engine.prepare().then(
      (preparation) => {
        if (preparation !== undefined) report({ type: 'prepared', preparation });
      },
      (error: unknown) => this.#fail(error),
    );
  }

  begin({ preparation, users, spawnRate, atMs }: BeginCommand): void {
    this.#vitals.take();
    this.#beganMs = atMs;
    this.#windowStartMs = atMs;
    this.#engine.setUsers(users, spawnRate);
    this.#engine.start(preparation).catch((error: unknown) => this.#fail(error));
    this.#awaitWindow(atMs);
  }

  setUsers(change: number, users: number, spawnRate: number): void {
    this.#change = change;
    this.#engine.setUsers(users, spawnRate);
  }

  allRamped(atMs: number): void {
    this.#allRamped.resolve(performance.now() + atMs - nowMs());
  }

  othersEnded(): void {
    this.#othersEnded.resolve();
  }

  stop(graceMs: number): void {
    void this.#engine.stop(graceMs);
  }

  #awaitWindow(beganMs: number): void {
    this.#ticker = setTimeout(
      () => {
        // One that was held up tells of all that it missed in the last window that is over.
        const over = Math.max(this.#nextWindow, Math.floor((nowMs() - beganMs) / windowMs));
        this.#sample(over);
        this.#nextWindow = over + 1;
        this.#awaitWindow(beganMs);
      },
      beganMs + this.#nextWindow * windowMs - nowMs(),
    );
  }

  #sample(window: number): void {
    const atMs = nowMs();
    const { byName, starts, arrivals, exhaustedConnects } = this.#engine.recorder.take();
    const { users } = this.#engine;
    const generator = { ...this.#vitals.take(), ...starts, exhaustedConnects };
    report({
      type: 'sample',
      window,
      atMs,
      sample: {
        windowMs: Math.round((atMs - this.#windowStartMs) * 1000) / 1000,
        users,
        byName,
        generator,
        generators: [{ ...generator, pid: process.pid, users }],
        ...(arrivals === undefined ? {} : { arrivals }),
      },
    });
    this.#windowStartMs = atMs;
    const exceptions = this.#exceptions.take();
    if (exceptions.length > 0) report({ type: 'exceptions', exceptions });
  }

  /** With the first error that there was. */
  #fail(error: unknown): void {
    const code = error instanceof GaugewayError ? error.code : 'internal';
    const last: GeneratorReport = { type: 'failed', code, message: messageOf(error) };
    this.#last ??= last;
    const end = (): void => this.#finish(last);
    this.#engine.abandon().then(end, end);
  }

  #finish(last: GeneratorReport): void {
    this.#last ??= last;
    if (this.#last !== last) return;
    clearTimeout(this.#ticker);
    if (this.#beganMs !== undefined) this.#sample(this.#nextWindow);
    this.#vitals.stop();
    report(last, () => process.disconnect?.());
  }
}

let run: Run | undefined;

process.on('message', (command: GeneratorCommand) => {
  switch (command.type) {
    case 'plan':
      run = new Run(command.plan, command.share);
      return;
    case 'prepare':
      return run?.prepare();
    case 'begin':
      return run?.begin(command);
    case 'users':
      return run?.setUsers(command.change, command.users, command.spawnRate);
    case 'all-ramped':
      return run?.allRamped(command.atMs);
    case 'others-ended':
      return run?.othersEnded();
    case 'stop':
      return run?.stop(command.graceMs);
  }
});
// Ctrl-C reaches the whole process group; the parent decides how the load ends.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());
if (process.send === undefined) {
  process.stderr.write('the load generator is started by `gaugeway load` or `gaugeway session`\n');
  process.exitCode = 2;
}
