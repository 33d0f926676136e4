import { nowMs, sleep } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { LoadDriver, LoadWatcher, RunningLoad } from '../load-driver.ts';
import { LocustApi } from './locust-api.ts';
import type { LocustCounters } from './locust-api.ts';
import { LocustWindows } from './locust-windows.ts';

/** A little more than a second, so that every second look meets a fresh answer (Locust keeps one for two seconds). */
const lookEveryMs = 1_050;
/** The same answer for so long is none that was kept: nothing has happened. */
const keptAnswerMs = 2_500;
/** Workers report to their master every three seconds; shorter windows would be empty and full by turns. */
const distributedWindowMs = 3_000;
/** How long Locust's users may take to end before the last counters are read. */
const stopLimitMs = 15_000;
/** How long Locust may take to begin a test that it agreed to; a master without workers never does. */
const beginLimitMs = 15_000;

export interface LocustDriverOptions {
  /** Of its web page, e.g. `http://127.0.0.1:8089`. */
  url: string;
  /** Starts and stops the test; without it a test is only ever looked at. */
  start: { users: number; spawnRate: number } | undefined;
}

/**
 * Observes the test that a Locust drives, by its web API. It starts and stops nothing unless it is told to. A Locust
 * that does not answer is a gap; what it counted meanwhile is in the next window.
 */
export class LocustDriver implements LoadDriver {
  readonly target: string;
  readonly settings: LoadDriver['settings'];
  readonly beginsByItself: boolean;
  readonly rampMs: number | undefined;
  readonly #api: LocustApi;
  readonly #start: LocustDriverOptions['start'];
  /** What was there before: of a test that runs already, what it has counted. */
  #base: { counters: LocustCounters; atMs: number } | undefined;

  constructor({ url, start }: LocustDriverOptions) {
    this.#api = new LocustApi(url);
    this.#start = start;
    const driver = `Locust at ${new URL(this.#api.url).host}`;
    this.target = driver;
    this.settings = {
      users: start?.users ?? null,
      spawnRate: start?.spawnRate ?? null,
      scenario: `driven by ${driver}`,
      driver,
    };
    this.beginsByItself = start === undefined;
    this.rampMs = start === undefined ? undefined : (start.users / start.spawnRate) * 1000;
  }

  async awaitBeginning(baselineMs: number, watcher: LoadWatcher): Promise<void> {
    const { signal } = watcher;
    let counters = await this.#api.counters();
    let atMs = nowMs();
    if (this.#start !== undefined) {
      if (isBusy(counters)) {
        throw new GaugewayError(
          'usage',
          `a test runs already in ${this.target}: without --load-start it is only observed`,
        );
      }
      return sleep(baselineMs, signal);
    }
    const ranAlready = isBusy(counters);
    if (!ranAlready) watcher.onNote(`waiting for a test to start in ${this.target}`);
    while (!isBusy(counters) && !signal.aborted) {
      await sleep(lookEveryMs, signal);
      try {
        const looked = nowMs();
        counters = await this.#api.counters();
        if (!isBusy(counters)) atMs = looked;
      } catch (error) {
        watcher.onGap(error);
      }
    }
    // Locust forgets an earlier test when one begins: what a new one has counted counts from zero.
    this.#base = ranAlready ? { counters, atMs } : { counters: { ...counters, requests: new Map() }, atMs };
  }

  start(watcher: LoadWatcher): RunningLoad {
    const observation = new Observation(this.#api, watcher, this.#start, this.#base);
    return observation.begin();
  }
}

function isBusy({ state }: LocustCounters): boolean {
  return state === 'spawning' || state === 'running';
}

class Observation {
  readonly #api: LocustApi;
  readonly #watcher: LoadWatcher;
  readonly #start: LocustDriverOptions['start'];
  readonly #windows: LocustWindows;
  readonly #ramped = Promise.withResolvers<void>();
  readonly #stopping = new AbortController();
  #sinceMs: number;
  #lastText = '';
  #started: boolean;
  #isAway = false;

  constructor(
    api: LocustApi,
    watcher: LoadWatcher,
    start: LocustDriverOptions['start'],
    base: { counters: LocustCounters; atMs: number } | undefined,
  ) {
    this.#api = api;
    this.#watcher = watcher;
    this.#start = start;
    this.#windows = new LocustWindows(base?.counters.requests);
    this.#sinceMs = base?.atMs ?? nowMs();
    this.#started = base !== undefined;
    if (base?.counters.state === 'running') this.#ramped.resolve();
    this.#ramped.promise.catch(() => undefined);
  }

  begin(): RunningLoad {
    const finished = this.#follow();
    finished.then(
      () => this.#ramped.resolve(),
      (error: unknown) => this.#ramped.reject(error),
    );
    return {
      planned: Promise.resolve(undefined),
      ramped: this.#ramped.promise,
      finished,
      stop: async () => {
        this.#stopping.abort();
        await finished.catch((error: unknown) =>
          this.#watcher.logger.debug('Locust failed', { error: messageOf(error) }),
        );
      },
    };
  }

  /** Resolves when the test has ended, or nobody wants to look any longer. */
  async #follow(): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#watcher.signal]);
    if (this.#start !== undefined) {
      await this.#api.swarm(this.#start.users, this.#start.spawnRate);
      this.#sinceMs = nowMs();
    }
    let counters: LocustCounters | undefined;
    let hasEnded = false;
    try {
      ({ counters, hasEnded } = await this.#watch(signal));
    } finally {
      // Also one that has not begun: it would begin as soon as it could.
      if (this.#start !== undefined && !hasEnded) await this.#stopTest();
    }
    await this.#end(counters);
  }

  /** Looks until the test has ended or nobody wants to look any longer. Throws as {@link #refuseNoTest}. */
  async #watch(signal: AbortSignal): Promise<{ counters: LocustCounters | undefined; hasEnded: boolean }> {
    const askedMs = nowMs();
    let counters: LocustCounters | undefined;
    while (!signal.aborted) {
      await sleep(lookEveryMs, signal);
      if (signal.aborted) break;
      counters = await this.#look(false);
      if (counters === undefined) continue;
      if (isBusy(counters)) this.#started = true;
      this.#refuseNoTest(counters, askedMs);
      if (counters.state === 'running') this.#ramped.resolve();
      if (this.#started && !isBusy(counters)) return { counters, hasEnded: true };
    }
    return { counters, hasEnded: false };
  }

  async #stopTest(): Promise<void> {
    try {
      await this.#api.stop();
    } catch (error) {
      this.#watcher.onNote(`the test in Locust could not be stopped, and may go on: ${messageOf(error)}`);
    }
  }

  /** Throws GaugewayError source_unreadable for a test that was asked for and does not begin. */
  #refuseNoTest({ state }: LocustCounters, askedMs: number): void {
    if (this.#start === undefined || this.#started || nowMs() - askedMs < beginLimitMs) return;
    throw new GaugewayError(
      'source_unreadable',
      `Locust at ${this.#api.url} agreed to a test and begins none (it is ${state}): does it have workers?`,
    );
  }

  /** Waits for the users that are still ending, then reads what all of them counted. */
  async #end(last: LocustCounters | undefined): Promise<void> {
    const giveUpMs = nowMs() + stopLimitMs;
    let counters = last;
    const isEnding = (): boolean =>
      counters === undefined || (counters.state !== 'stopped' && counters.state !== 'ready');
    while (this.#endsHere(last) && isEnding() && nowMs() < giveUpMs) {
      await sleep(lookEveryMs);
      counters = await this.#look(false);
    }
    await this.#look(true);
  }

  /** Whether the end of the test is waited for; one that goes on is left alone. */
  #endsHere(last: LocustCounters | undefined): boolean {
    return this.#start !== undefined || (last !== undefined && !isBusy(last));
  }

  /** Reads the counters and hands on a window, if there is a whole one or it is the last. */
  async #look(isLast: boolean): Promise<LocustCounters | undefined> {
    const lookedMs = nowMs();
    const counters = await this.#counters();
    if (counters === undefined) return undefined;
    const atMs = nowMs();
    const windowMs = atMs - this.#sinceMs;
    const isKept = counters.text === this.#lastText && windowMs < keptAnswerMs;
    const isShort = counters.workers.length > 0 && windowMs < distributedWindowMs && isBusy(counters);
    if (isLast ? counters.text === this.#lastText : isKept || isShort) return counters;
    this.#lastText = counters.text;
    this.#sinceMs = atMs;
    const sample = this.#windows.take(counters, Math.round(windowMs * 1000) / 1000);
    this.#watcher.onSample(sample, atMs, atMs - lookedMs);
    return counters;
  }

  /** Undefined where Locust does not answer, which is a gap. */
  async #counters(): Promise<LocustCounters | undefined> {
    try {
      const counters = await this.#api.counters();
      this.#isAway = false;
      return counters;
    } catch (error) {
      this.#watcher.onGap(error);
      if (!this.#isAway) this.#watcher.onNote(`${messageOf(error)}; it may come back`);
      this.#isAway = true;
      return undefined;
    }
  }
}
