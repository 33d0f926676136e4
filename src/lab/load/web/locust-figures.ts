import type { LatencySketch } from '../../../shared/latency-sketch.ts';
import { httpMethods } from '../scenarios/scenario.ts';

/**
 * Locust's rounding of response times: whole milliseconds below 100, then two significant digits ("147 → 150,
 * 3432 → 3400"), whole seconds from ten seconds on. Rounding keeps the order, so rounding a percentile gives the
 * percentile of rounded values.
 */
export function locustBucket(ms: number): number {
  if (ms < 100) return Math.round(ms);
  if (ms < 1000) return Math.round(ms / 10) * 10;
  if (ms < 10_000) return Math.round(ms / 100) * 100;
  return Math.round(ms / 1000) * 1000;
}

/**
 * The bucket at quantile `q` (0..1) as Locust finds it, at rank ⌊n·q⌋ counted from zero; the sketch takes the
 * one at ⌈q·n⌉ - 1. 0 without requests.
 */
export function locustPercentile(latency: LatencySketch | undefined, q: number): number {
  if (latency === undefined) return 0;
  const last = latency.count - 1;
  if (last <= 0) return locustBucket(latency.quantileMs(1));
  const rank = Math.floor(latency.count * q);
  return locustBucket(latency.quantileMs(rank >= last ? 1 : (rank + 0.5) / latency.count));
}

const ownMethod = new RegExp(`^(${httpMethods.join('|')}) (.+)$`);

/** `GET /health` has its method in its name; everything else is of MCP, and a POST. */
export function splitName(name: string): { method: string; name: string } {
  const [, method, rest] = ownMethod.exec(name) ?? [];
  return method !== undefined && rest !== undefined ? { method, name: rest } : { method: 'POST', name };
}

/** 0 over no time. */
export function perSecond(count: number, durationMs: number): number {
  return durationMs === 0 ? 0 : (count * 1000) / durationMs;
}
