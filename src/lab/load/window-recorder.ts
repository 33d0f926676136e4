import { LatencySketch } from '../../shared/latency-sketch.ts';
import type { Arrivals, LoadWindow } from '../timeline/samples.ts';
import { otherKind } from './load-statistics.ts';

/**
 * A start later than this after its planned time counts as late: ten times the resolution of Node's timers,
 * so that it tells a generator that is short of CPU from an ordinary timer.
 */
const lateStartToleranceMs = 10;
/** Failures that are this machine's own: no file descriptor, or no local port, was left for a connection. */
const exhaustionKinds: ReadonlySet<string> = new Set([
  'connect EMFILE',
  'connect ENFILE',
  'connect EADDRNOTAVAIL',
]);
/** Kinds of failure that one request name keeps per window; further ones are counted together. */
const maxKindsPerWindow = 64;

interface OpenWindow {
  requests: number;
  failures: number;
  kinds: Map<string, number>;
  latency: LatencySketch;
  service: LatencySketch | undefined;
  responseBytes: number;
}

/** Times in milliseconds; `failure` is the kind, if the request failed. */
export interface RecordedRequest {
  name: string;
  latencyMs: number;
  serviceMs: number;
  responseBytes: number;
  failure: string | undefined;
}

/** Where users report what they did. Nothing is kept per request: counts and one sketch per request name. */
export class WindowRecorder {
  readonly #byName = new Map<string, OpenWindow>();
  #plannedStarts = 0;
  #lateStarts = 0;
  #maxLateMs = 0;
  #exhaustedConnects = 0;
  readonly #arrivals: Arrivals | undefined;

  /** The open model counts arrivals, and tells the time of the target itself (service) from that since the arrival. */
  constructor(openModel: boolean) {
    this.#arrivals = openModel ? { planned: 0, late: 0, dropped: 0 } : undefined;
  }

  /** A request that was planned for a moment (the end of a pause, a place in the ramp) starts now. */
  planned(lateMs: number): void {
    this.#plannedStarts += 1;
    if (lateMs > lateStartToleranceMs) this.#lateStarts += 1;
    if (lateMs > this.#maxLateMs) this.#maxLateMs = lateMs;
  }

  /** A task that was due `lateMs` ago begins now. */
  arrived(lateMs: number): void {
    this.planned(lateMs);
    if (this.#arrivals === undefined) return;
    this.#arrivals.planned += 1;
    if (lateMs > lateStartToleranceMs) this.#arrivals.late += 1;
  }

  /** A task that was due finds every user busy. */
  dropped(): void {
    if (this.#arrivals === undefined) return;
    this.#arrivals.planned += 1;
    this.#arrivals.dropped += 1;
  }

  /** A request has ended. `latencyMs` counts from its intended start, `serviceMs` from when it was really sent. */
  finished({ name, latencyMs, serviceMs, responseBytes, failure }: RecordedRequest): void {
    let window = this.#byName.get(name);
    if (window === undefined) {
      window = {
        requests: 0,
        failures: 0,
        kinds: new Map(),
        latency: new LatencySketch(),
        service: this.#arrivals === undefined ? undefined : new LatencySketch(),
        responseBytes: 0,
      };
      this.#byName.set(name, window);
    }
    window.requests += 1;
    window.latency.record(latencyMs * 1000);
    window.service?.record(serviceMs * 1000);
    window.responseBytes += responseBytes;
    if (failure === undefined) return;
    window.failures += 1;
    if (exhaustionKinds.has(failure)) this.#exhaustedConnects += 1;
    const kind = window.kinds.has(failure) || window.kinds.size < maxKindsPerWindow ? failure : otherKind;
    window.kinds.set(kind, (window.kinds.get(kind) ?? 0) + 1);
  }

  /** Closes the window: what was seen since the last call. */
  take(): {
    byName: Record<string, LoadWindow>;
    starts: { lateStarts: number; plannedStarts: number; maxLateMs: number };
    exhaustedConnects: number;
    /** Undefined in the closed model. */
    arrivals: Arrivals | undefined;
  } {
    const byName: Record<string, LoadWindow> = {};
    for (const [name, window] of this.#byName) {
      if (window.requests === 0) continue;
      byName[name] = {
        requests: window.requests,
        failures: window.failures,
        failuresByKind: Object.fromEntries(window.kinds),
        latency: window.latency.toJSON(),
        ...(window.service === undefined ? {} : { service: window.service.toJSON() }),
        responseBytes: window.responseBytes,
      };
      window.requests = 0;
      window.failures = 0;
      window.responseBytes = 0;
      window.kinds.clear();
      window.latency.reset();
      window.service?.reset();
    }
    const starts = {
      lateStarts: this.#lateStarts,
      plannedStarts: this.#plannedStarts,
      maxLateMs: Math.round(this.#maxLateMs * 1000) / 1000,
    };
    this.#plannedStarts = 0;
    this.#lateStarts = 0;
    this.#maxLateMs = 0;
    const exhaustedConnects = this.#exhaustedConnects;
    this.#exhaustedConnects = 0;
    const arrivals = this.#arrivals === undefined ? undefined : { ...this.#arrivals };
    if (this.#arrivals !== undefined) Object.assign(this.#arrivals, { planned: 0, late: 0, dropped: 0 });
    return { byName, starts, exhaustedConnects, arrivals };
  }
}
