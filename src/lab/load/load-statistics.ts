import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { ObservedStats, RequestStats, RunDocument } from '../run-document.ts';
import { isSketch } from '../timeline/samples.ts';
import type { Arrivals, ObservedLoad, ObservedWindow, ReportedLatency } from '../timeline/samples.ts';
import { GeneratorHealth } from './generator-health.ts';
import type { MeasuredRequests } from './thresholds.ts';

/** The row that holds every request; Locust's name for it. */
export const aggregatedName = 'Aggregated';
/** Windows that the current figures look back on; Locust too averages over ten seconds. */
const currentWindows = 10;
/** Distinct failures that are kept; more of them are counted together. */
const maxFailures = 500;
/** The kind that holds whatever came after the bound. */
export const otherKind = 'other';

/** One kind of failure of one request name. Times are those of the windows it was seen in, on the run's clock. */
export interface FailureCount {
  name: string;
  kind: string;
  occurrences: number;
  firstSeenMs: number;
  lastSeenMs: number;
}

/** The last ten seconds, by the generator's windows: it falls to zero when a target hangs. */
export interface CurrentStats {
  rps: number;
  failuresPerS: number;
  /** Null when nothing finished. */
  p50Ms: number | null;
  p95Ms: number | null;
}

interface Totals {
  requests: number;
  failures: number;
  failuresByKind: Map<string, number>;
  latency: LatencySketch;
  /** Requests without a distribution, and how long they took together. */
  untimed: number;
  untimedMs: number;
  /** The last that a tool told of them; of one request name only. */
  reported: ReportedLatency['wholeTest'] | undefined;
  /** Made when the first window has service times. */
  service: LatencySketch | undefined;
  responseBytes: number;
}

/** Over the windows that the current figures look back on. */
interface RecentSums {
  all: Totals;
  byName: Map<string, Totals>;
  durationMs: number;
}

/** Folds load samples into totals by request name. It merges sketches, so no percentile is ever averaged. */
export class LoadStatistics {
  #byName = new Map<string, Totals>();
  #all = newTotals();
  #failures = new Map<string, FailureCount>();
  #recent: ObservedLoad[] = [];
  /** What the recent samples sum up to; undefined until somebody asks after the last one. */
  #recentSums: RecentSums | undefined;
  #durationMs = 0;
  #users = 0;
  #generator = new GeneratorHealth();
  #arrivals: Arrivals | undefined;

  add(sample: ObservedLoad, atMs: number): void {
    this.#durationMs += sample.windowMs;
    this.#generator.add(sample);
    this.#users = sample.users;
    if (sample.arrivals !== undefined) this.#arrivals = addArrivals(this.#arrivals, sample.arrivals);
    this.#recentSums = undefined;
    this.#recent.push(sample);
    if (this.#recent.length > currentWindows) this.#recent.shift();
    for (const [name, window] of Object.entries(sample.byName)) {
      let totals = this.#byName.get(name);
      if (totals === undefined) this.#byName.set(name, (totals = newTotals()));
      addWindow(totals, window);
      addWindow(this.#all, window);
      if (!isSketch(window.latency)) totals.reported = window.latency.wholeTest;
      this.#addFailures(name, window, atMs);
    }
  }

  /** Forgets all figures but the number of users. */
  reset(): void {
    this.#byName = new Map();
    this.#all = newTotals();
    this.#failures = new Map();
    this.#recent = [];
    this.#recentSums = undefined;
    this.#durationMs = 0;
    this.#generator = new GeneratorHealth();
    this.#arrivals = undefined;
  }

  /** Users in the last window. */
  get users(): number {
    return this.#users;
  }

  /** Time covered by the samples, in milliseconds; all rates divide by it. */
  get durationMs(): number {
    return this.#durationMs;
  }

  /** What the clock asked for; undefined in the closed model. */
  get arrivals(): Arrivals | undefined {
    return this.#arrivals;
  }

  /** Every request together, under the name `Aggregated`. */
  get total(): RequestStats {
    return toRequestStats(aggregatedName, this.#all, this.#durationMs);
  }

  /** One row per request name, sorted by name. */
  get byName(): RequestStats[] {
    return [...this.#byName]
      .map(([name, totals]) => toRequestStats(name, totals, this.#durationMs))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The merged latencies of one request name, or of all; for figures that {@link RequestStats} does not hold. */
  latencyOf(name: string = aggregatedName): LatencySketch | undefined {
    return name === aggregatedName ? this.#all.latency : this.#byName.get(name)?.latency;
  }

  /** All requests whose name begins with `namePrefix`, or simply all, folded together. */
  requestsOf(namePrefix = ''): MeasuredRequests {
    const measured = { requests: 0, failures: 0, durationMs: this.#durationMs, latency: new LatencySketch() };
    let untimed = 0;
    let untimedMs = 0;
    for (const [name, totals] of this.#byName) {
      if (!name.startsWith(namePrefix)) continue;
      measured.requests += totals.requests;
      measured.failures += totals.failures;
      measured.latency.merge(totals.latency);
      untimed += totals.untimed;
      untimedMs += totals.untimedMs;
    }
    if (untimed === 0) return measured;
    return { ...measured, latency: { meanMs: round(untimedMs / untimed) } };
  }

  /** Mean body bytes per request of one request name, or of all. */
  meanResponseBytes(name: string = aggregatedName): number {
    const totals = name === aggregatedName ? this.#all : this.#byName.get(name);
    return totals === undefined || totals.requests === 0 ? 0 : totals.responseBytes / totals.requests;
  }

  /** What failed, the most frequent first. */
  get failures(): FailureCount[] {
    return [...this.#failures.values()].toSorted((a, b) => b.occurrences - a.occurrences);
  }

  /** The last ten seconds of one request name, or of all. */
  current(name: string = aggregatedName): CurrentStats {
    const { durationMs } = this.#recentTotals;
    const { requests, failures, latency } = this.#recentTotalsOf(name);
    const told = name === aggregatedName ? this.#recent.at(-1)?.recent : undefined;
    return {
      rps: perSecond(requests, durationMs),
      failuresPerS: perSecond(failures, durationMs),
      p50Ms: told === undefined ? quantileOf(latency, 0.5) : told.p50Ms,
      p95Ms: told === undefined ? quantileOf(latency, 0.95) : told.p95Ms,
    };
  }

  /** The merged latencies of the last ten seconds of one request name, or of all. */
  currentLatencyOf(name: string = aggregatedName): LatencySketch {
    return this.#recentTotalsOf(name).latency;
  }

  /** How the generator fared over all the time. */
  get generator(): RunDocument['load']['generator'] {
    return this.#generator.summary;
  }

  /** How the generator fared in the last ten seconds. */
  get currentGenerator(): RunDocument['load']['generator'] {
    const health = new GeneratorHealth();
    for (const sample of this.#recent) health.add(sample);
    return health.summary;
  }

  /** All figures as a run's result document holds them, null where nobody told them. */
  get summary(): RunDocument['load'] {
    const { name: _aggregated, ...total } = toObservedStats(this.total, this.#all);
    return {
      ...total,
      byName: [...this.#byName]
        .map(([name, totals]) => toObservedStats(toRequestStats(name, totals, this.#durationMs), totals))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      ...(this.#arrivals === undefined ? {} : { arrivals: this.#arrivals }),
      generator: this.generator,
    };
  }

  #recentTotalsOf(name: string): Totals {
    const { all, byName } = this.#recentTotals;
    return name === aggregatedName ? all : (byName.get(name) ?? newTotals());
  }

  /** One pass for all names: a target may have a thousand of them, and each is asked for every second. */
  get #recentTotals(): RecentSums {
    if (this.#recentSums !== undefined) return this.#recentSums;
    const sums: RecentSums = { all: newTotals(), byName: new Map(), durationMs: 0 };
    for (const { windowMs, byName } of this.#recent) {
      sums.durationMs += windowMs;
      for (const [name, window] of Object.entries(byName)) {
        let totals = sums.byName.get(name);
        if (totals === undefined) sums.byName.set(name, (totals = newTotals()));
        addWindow(totals, window);
        addWindow(sums.all, window);
      }
    }
    this.#recentSums = sums;
    return sums;
  }

  #addFailures(name: string, window: ObservedWindow, atMs: number): void {
    for (const [kind, count] of Object.entries(window.failuresByKind)) {
      const own = JSON.stringify([name, kind]);
      const kept = this.#failures.has(own) || this.#failures.size < maxFailures;
      const key = kept ? own : otherKind;
      const known = this.#failures.get(key);
      if (known === undefined) {
        const failure = kept ? { name, kind } : { name: aggregatedName, kind: otherKind };
        this.#failures.set(key, { ...failure, occurrences: count, firstSeenMs: atMs, lastSeenMs: atMs });
      } else {
        known.occurrences += count;
        known.lastSeenMs = atMs;
      }
    }
  }
}

/** The `load` part of a run's result document, from the samples of one span of time. */
export function summarizeLoad(samples: readonly { atMs: number; data: ObservedLoad }[]): RunDocument['load'] {
  const statistics = new LoadStatistics();
  for (const { atMs, data } of samples) statistics.add(data, atMs);
  return statistics.summary;
}

function newTotals(): Totals {
  return {
    requests: 0,
    failures: 0,
    failuresByKind: new Map(),
    latency: new LatencySketch(),
    untimed: 0,
    untimedMs: 0,
    reported: undefined,
    service: undefined,
    responseBytes: 0,
  };
}

function addWindow(totals: Totals, window: ObservedWindow): void {
  totals.requests += window.requests;
  totals.failures += window.failures;
  if (isSketch(window.latency)) {
    totals.latency.merge(window.latency);
  } else {
    totals.untimed += window.requests;
    totals.untimedMs += window.latency.sumMs;
  }
  if (window.service !== undefined) (totals.service ??= new LatencySketch()).merge(window.service);
  totals.responseBytes += window.responseBytes ?? 0;
  for (const [kind, count] of Object.entries(window.failuresByKind)) {
    const known = totals.failuresByKind.has(kind) || totals.failuresByKind.size < maxFailures;
    const key = known ? kind : otherKind;
    totals.failuresByKind.set(key, (totals.failuresByKind.get(key) ?? 0) + count);
  }
}

function toRequestStats(name: string, totals: Totals, durationMs: number): RequestStats {
  const { requests, failures, failuresByKind, latency, untimed, untimedMs, service } = totals;
  return {
    name,
    requests,
    failures,
    failuresByKind: Object.fromEntries(failuresByKind),
    rps: perSecond(requests, durationMs),
    meanMs: untimed === 0 ? latency.meanMs : round(untimedMs / untimed),
    minMs: latency.minMs,
    p50Ms: latency.quantileMs(0.5),
    p95Ms: latency.quantileMs(0.95),
    p99Ms: latency.quantileMs(0.99),
    maxMs: latency.maxMs,
    ...(service === undefined ? {} : { service: serviceOf(service) }),
  };
}

/** The mean is always known: tools tell sums or means. What only a distribution tells is not, without one. */
function toObservedStats(stats: RequestStats, { untimed, reported }: Totals): ObservedStats {
  if (untimed === 0) return stats;
  const unknown = { minMs: null, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null };
  return { ...stats, ...unknown, ...(reported === undefined ? {} : { reported }) };
}

function quantileOf(latency: LatencySketch, q: number): number | null {
  return latency.count === 0 ? null : latency.quantileMs(q);
}

function serviceOf(service: LatencySketch): NonNullable<RequestStats['service']> {
  return {
    meanMs: service.meanMs,
    p50Ms: service.quantileMs(0.5),
    p95Ms: service.quantileMs(0.95),
    p99Ms: service.quantileMs(0.99),
    maxMs: service.maxMs,
  };
}

/** Sums of both; `sum` begins with nothing. */
export function addArrivals(sum: Arrivals = { planned: 0, late: 0, dropped: 0 }, more: Arrivals): Arrivals {
  return {
    planned: sum.planned + more.planned,
    late: sum.late + more.late,
    dropped: sum.dropped + more.dropped,
  };
}

function perSecond(count: number, durationMs: number): number {
  return durationMs === 0 ? 0 : round((count * 1000) / durationMs);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
