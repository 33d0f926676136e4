import { nowMs, sleep } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { LoadDriver, LoadWatcher, RunningLoad } from '../load-driver.ts';
import { FollowedFile } from '../../followed-file.ts';
import { readK6Point } from './k6-points.ts';
import type { K6Point } from './k6-points.ts';
import { K6Windows } from './k6-windows.ts';

/** k6 writes every 200 ms. */
const lookEveryMs = 250;
/** k6 writes its number of users every second while it runs; a gzip file comes in blocks, far apart under a light load. */
const silenceMs = { plain: 5_000, gzip: 120_000 };
/** Users that have not changed for so many seconds have all been started. */
const steadyReadings = 4;
/** Clocks of two machines may differ so much; a point that is further ahead is broken. */
const furthestAheadMs = 60_000;

/**
 * Observes the test that a k6 drives, by the file of its `--out json`, which has every request. Starts and stops
 * nothing. The test begins with its first point, and ends when k6 writes no more.
 */
export class K6Driver implements LoadDriver {
  readonly target: string;
  readonly settings: LoadDriver['settings'];
  readonly beginsByItself = true;
  readonly rampMs = undefined;
  readonly #path: string;
  readonly #file: FollowedFile;
  readonly #early: K6Point[] = [];
  #fromMs = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = new FollowedFile(path);
    this.target = `k6 (${path})`;
    this.settings = { users: null, spawnRate: null, scenario: `driven by ${this.target}`, driver: 'k6' };
  }

  async awaitBeginning(_baselineMs: number, watcher: LoadWatcher): Promise<number | void> {
    this.#fromMs = nowMs();
    await this.#file.skip().catch((cause: unknown) => {
      throw unreadable(this.#path, cause);
    });
    let isTold = false;
    while (!watcher.signal.aborted && this.#early.length === 0) {
      await this.#pull((point) => {
        if (point.atMs >= this.#fromMs) this.#early.push(point);
      });
      if (this.#early.length > 0) return this.#firstMs;
      if (!isTold) watcher.onNote(`waiting for k6 to write to ${this.#path}`);
      isTold = true;
      await sleep(lookEveryMs, watcher.signal);
    }
  }

  start(watcher: LoadWatcher): RunningLoad {
    const windows = new K6Windows(this.#firstMs ?? this.#fromMs);
    const stopping = new AbortController();
    const ramp = new RampWatch();
    for (const point of this.#early) {
      windows.add(point);
      ramp.add(point);
    }
    const finished = this.#follow(windows, ramp, watcher, stopping.signal);
    finished.then(
      () => ramp.over.resolve(),
      (error: unknown) => ramp.over.reject(error),
    );
    ramp.over.promise.catch(() => undefined);
    return {
      planned: Promise.resolve(undefined),
      ramped: ramp.over.promise,
      finished,
      get rampedMs() {
        return ramp.overMs;
      },
      get endedMs() {
        return windows.newestMs === 0 ? undefined : windows.newestMs;
      },
      stop: async () => {
        stopping.abort();
        await finished.catch((error: unknown) =>
          watcher.logger.debug('k6 could not be followed', { error: messageOf(error) }),
        );
      },
    };
  }

  /** The first request, which may be long after the look at the file began, and long before it is read. */
  get #firstMs(): number | undefined {
    return this.#early.reduce<number | undefined>(
      (first, { atMs }) => Math.min(first ?? Infinity, atMs),
      undefined,
    );
  }

  async #follow(windows: K6Windows, ramp: RampWatch, watcher: LoadWatcher, stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stop, watcher.signal]);
    const longestSilenceMs = this.#path.endsWith('.gz') ? silenceMs.gzip : silenceMs.plain;
    let lastWrittenMs = nowMs();
    try {
      for (;;) {
        const isLast = signal.aborted;
        const lookedMs = nowMs();
        const { bytes, ended } = await this.#pull((point) => {
          ramp.add(point);
          windows.add(point);
        });
        const now = nowMs();
        if (bytes > 0) lastWrittenMs = now;
        const isOver = isLast || ended || now - lastWrittenMs > longestSilenceMs;
        for (const { sample, atMs } of windows.take(isOver)) watcher.onSample(sample, atMs, now - lookedMs);
        if (isOver) break;
        await sleep(lookEveryMs, signal);
      }
    } finally {
      await this.#file.close();
    }
    tellLimits(windows, watcher);
  }

  async #pull(onPoint: (point: K6Point) => void): Promise<{ bytes: number; ended: boolean }> {
    const latestMs = nowMs() + furthestAheadMs;
    try {
      return await this.#file.pull((line) => {
        const point = readK6Point(line);
        if (point !== undefined && point.atMs < latestMs) onPoint(point);
      });
    } catch (cause) {
      throw unreadable(this.#path, cause);
    }
  }
}

function unreadable(path: string, cause: unknown): GaugewayError {
  return new GaugewayError('source_unreadable', `the output of k6 in ${path}: ${messageOf(cause)}`, {
    cause,
  });
}

function tellLimits({ ignoredChecks, droppedIterations }: K6Windows, { onNote }: LoadWatcher): void {
  if (ignoredChecks > 0) {
    onNote(
      `${ignoredChecks} failed checks of k6 are not in the figures: they name no request (tag name), or k6 judges ` +
        'requests itself (http.setResponseCallback(null) leaves that to checks)',
    );
  }
  if (droppedIterations > 0) {
    onNote(`k6 dropped ${droppedIterations} iterations: it had no free user for them`);
  }
}

/** k6 does not say when its ramp is over: it is, when the number of users stands still. */
class RampWatch {
  readonly over = Promise.withResolvers<void>();
  /** The time of the reading that told it. */
  overMs: number | undefined;
  #users = -1;
  #readings = 0;

  add(point: K6Point): void {
    if (point.kind !== 'users') return;
    this.#readings = point.users === this.#users ? this.#readings + 1 : 1;
    this.#users = point.users;
    if (this.#users === 0 || this.#readings < steadyReadings) return;
    this.overMs ??= point.atMs;
    this.over.resolve();
  }
}
