import type { ObservedLoad, ObservedWindow } from '../../timeline/samples.ts';
import { otherKind } from '../load-statistics.ts';
import type { LocustCounters, LocustRequests } from './locust-api.ts';

/** Over which Locust's current percentiles look back. */
const recentSpanMs = 10_000;
const zero: LocustRequests = {
  requests: 0,
  failures: 0,
  totalMs: 0,
  failuresByKind: new Map(),
  minMs: 0,
  maxMs: 0,
  p50Ms: null,
  p95Ms: null,
  p99Ms: null,
};

/** Turns Locust's counters, which grow over a whole test, into windows. Nothing that Locust does not tell is made up. */
export class LocustWindows {
  #before: ReadonlyMap<string, LocustRequests>;

  /** What was counted before the first window; Locust forgets it when a test begins. */
  constructor(before: ReadonlyMap<string, LocustRequests> = new Map()) {
    this.#before = before;
  }

  /** What was counted since the last call. A counter that fell was reset meanwhile, and counts from zero. */
  take(now: LocustCounters, windowMs: number): ObservedLoad {
    const byName: Record<string, ObservedWindow> = {};
    for (const [name, counted] of now.requests) {
      const known = this.#before.get(name) ?? zero;
      const before = counted.requests < known.requests ? zero : known;
      if (counted.requests > before.requests) byName[name] = windowOf(before, counted);
    }
    this.#before = now.requests;
    return {
      windowMs,
      users: now.users,
      byName,
      ...(now.workers.length === 0 ? {} : { workers: now.workers }),
      recent: { spanMs: recentSpanMs, p50Ms: now.recentP50Ms, p95Ms: now.recentP95Ms },
    };
  }
}

function windowOf(before: LocustRequests, now: LocustRequests): ObservedWindow {
  const failures = Math.max(0, now.failures - before.failures);
  const failuresByKind: Record<string, number> = {};
  let named = 0;
  for (const [kind, count] of now.failuresByKind) {
    const grown = count - (before.failuresByKind.get(kind) ?? 0);
    if (grown <= 0) continue;
    failuresByKind[kind] = grown;
    named += grown;
  }
  if (failures > named) failuresByKind[otherKind] = (failuresByKind[otherKind] ?? 0) + failures - named;
  const { minMs, maxMs, p50Ms, p95Ms, p99Ms } = now;
  return {
    requests: now.requests - before.requests,
    failures,
    failuresByKind,
    latency: {
      sumMs: Math.max(0, now.totalMs - before.totalMs),
      wholeTest: { minMs, maxMs, p50Ms, p95Ms, p99Ms },
    },
  };
}
