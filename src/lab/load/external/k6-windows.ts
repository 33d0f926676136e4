import { LatencySketch } from '../../../shared/latency-sketch.ts';
import type { ObservedLoad, ObservedWindow } from '../../timeline/samples.ts';
import { otherKind } from '../load-statistics.ts';
import type { K6Point } from './k6-points.ts';

const windowMs = 1_000;
/** Points come in blocks every 200 ms, those of one block in the order of its users. */
const latestMs = 1_000;
/** Request names and kinds of failure that are told apart; further ones are counted together. */
const maxNames = 500;
const maxKinds = 64;
/** Seconds without any point that are told as empty ones; a longer silence is no second of the load. */
const longestSilenceS = 60;

interface OpenWindow {
  users: number | undefined;
  byName: Map<string, OpenRequests>;
}
interface OpenRequests {
  requests: number;
  latency: LatencySketch;
  /** Failures that k6 itself found, and those that checks found. */
  failed: Map<string, number>;
  failedChecks: Map<string, number>;
}

/** Folds the points of k6 into windows of a second by their own times. Keeps the last seconds and no point. */
export class K6Windows {
  readonly #open = new Map<number, OpenWindow>();
  readonly #names = new Set<string>();
  /** Whether k6 judges answers by their status; a script may leave that to its checks. */
  #judgedByK6 = false;
  readonly #beginMs: number;
  /** Where the next window begins. */
  #fromMs: number;
  #newestMs = 0;
  #users = 0;
  #ignoredChecks = 0;
  #droppedIterations = 0;

  /** Points from before `fromMs` are left out. */
  constructor(fromMs: number) {
    this.#beginMs = fromMs;
    this.#fromMs = fromMs;
  }

  /** The time of the last point. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /** Failed checks that belong to no request, or to requests that k6 judged itself. */
  get ignoredChecks(): number {
    return this.#ignoredChecks;
  }

  /** Iterations that k6 was to begin and had no free user for. */
  get droppedIterations(): number {
    return this.#droppedIterations;
  }

  add(point: K6Point): void {
    if (point.atMs < this.#beginMs) return;
    this.#newestMs = Math.max(this.#newestMs, point.atMs);
    if (point.kind === 'dropped') {
      this.#droppedIterations += point.count;
      return;
    }
    // One that comes after its window was handed on is counted in the next.
    const window = this.#windowAt(Math.max(point.atMs, this.#fromMs));
    if (point.kind === 'users') {
      window.users = Math.max(window.users ?? 0, point.users);
      return;
    }
    if (point.kind === 'failed') {
      this.#judgedByK6 = true;
      if (point.failure !== undefined) count(this.#requests(window, point.name).failed, point.failure);
      return;
    }
    if (point.kind === 'check') {
      if (point.name === undefined) this.#ignoredChecks += 1;
      else count(this.#requests(window, point.name).failedChecks, point.failure);
      return;
    }
    const requests = this.#requests(window, point.name);
    requests.requests += 1;
    if (point.durationMs !== undefined) requests.latency.record(point.durationMs * 1000);
  }

  /** The seconds that no further point can belong to, or all of them, oldest first, each with the time of its end. */
  take(all = false): { sample: ObservedLoad; atMs: number }[] {
    const taken: { sample: ObservedLoad; atMs: number }[] = [];
    for (;;) {
      const next = Math.min(...this.#open.keys());
      if (!Number.isFinite(next)) break;
      const startMs = this.#nextStartMs(next * windowMs);
      const fullEndMs = (Math.floor(startMs / windowMs) + 1) * windowMs;
      if (!all && fullEndMs + latestMs > this.#newestMs) break;
      // The last second ends with the last point; a millisecond keeps its rates finite.
      const endMs = all ? Math.max(startMs + 1, Math.min(fullEndMs, this.#newestMs)) : fullEndMs;
      const second = Math.floor(startMs / windowMs);
      const window = this.#open.get(second);
      this.#open.delete(second);
      this.#users = window?.users ?? this.#users;
      this.#fromMs = endMs;
      taken.push({ atMs: endMs, sample: this.#sample(window, endMs - startMs) });
    }
    return taken;
  }

  /** Where the last window ended; after a long silence, where the points go on. */
  #nextStartMs(firstPointMs: number): number {
    return firstPointMs - this.#fromMs > longestSilenceS * 1000 ? firstPointMs : this.#fromMs;
  }

  #windowAt(atMs: number): OpenWindow {
    const second = Math.floor(atMs / windowMs);
    let window = this.#open.get(second);
    if (window === undefined) this.#open.set(second, (window = { users: undefined, byName: new Map() }));
    return window;
  }

  #requests(window: OpenWindow, asked: string): OpenRequests {
    if (this.#names.size < maxNames) this.#names.add(asked);
    const name = this.#names.has(asked) ? asked : otherKind;
    let requests = window.byName.get(name);
    if (requests === undefined) {
      requests = { requests: 0, latency: new LatencySketch(), failed: new Map(), failedChecks: new Map() };
      window.byName.set(name, requests);
    }
    return requests;
  }

  #sample(window: OpenWindow | undefined, lengthMs: number): ObservedLoad {
    const byName: Record<string, ObservedWindow> = {};
    for (const [name, { requests, latency, failed, failedChecks }] of window?.byName ?? []) {
      if (this.#judgedByK6) this.#ignoredChecks += total(failedChecks);
      const kinds = this.#judgedByK6 ? failed : failedChecks;
      byName[name] = {
        requests,
        failures: total(kinds),
        failuresByKind: Object.fromEntries(kinds),
        latency: latency.toJSON(),
      };
    }
    return { windowMs: Math.round(lengthMs * 1000) / 1000, users: this.#users, byName };
  }
}

function count(kinds: Map<string, number>, failure: string): void {
  const kind = kinds.has(failure) || kinds.size < maxKinds ? failure : otherKind;
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}

function total(kinds: ReadonlyMap<string, number>): number {
  return [...kinds.values()].reduce((sum, each) => sum + each, 0);
}
