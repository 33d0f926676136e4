import { GaugewayError } from '../../shared/errors.ts';
import { parseDurationMs } from '../../shared/duration.ts';
import type { LatencySketch } from '../../shared/latency-sketch.ts';

/** What a threshold is held against: some requests of one span of time, folded together. */
export interface MeasuredRequests {
  requests: number;
  failures: number;
  durationMs: number;
  /** Their distribution; the mean alone where another tool told no more. */
  latency: LatencySketch | { meanMs: number; quantileMs?: never };
}

/** A limit that a load must keep, e.g. `tools/call:p99<500ms`, or `p95<200ms each second`. */
export interface Threshold {
  /** As it was written, without spaces at its ends. */
  text: string;
  /** Requests whose name begins with it; all of them without. */
  namePrefix: string | undefined;
  /** Whether every window of a second must keep it, not only all requests together. */
  eachSecond: boolean;
  metric: ThresholdMetric;
  comparison: Comparison;
  /** In the metric's own unit: milliseconds, percent or requests per second. */
  limit: number;
}

export type ThresholdMetric =
  | { kind: 'mean' }
  | { kind: 'max' }
  | { kind: 'error_rate' }
  | { kind: 'rps' }
  | { kind: 'percentile'; percent: number };
export type ThresholdUnit = 'ms' | '%' | '/s';
type Comparison = keyof typeof comparisons;

const comparisons = {
  '<': (value: number, limit: number): boolean => value < limit,
  '<=': (value: number, limit: number): boolean => value <= limit,
  '>': (value: number, limit: number): boolean => value > limit,
  '>=': (value: number, limit: number): boolean => value >= limit,
};

const units: Readonly<Record<ThresholdMetric['kind'], ThresholdUnit>> = {
  mean: 'ms',
  max: 'ms',
  percentile: 'ms',
  error_rate: '%',
  rps: '/s',
};
/** How a limit of each unit is written; plain seconds would be taken for milliseconds. */
const limitForms: Readonly<Record<ThresholdUnit, { pattern: RegExp; example: string }>> = {
  ms: { pattern: /^[\d.]+(ms|s|m|h)/, example: '200ms' },
  '%': { pattern: /^\d+(\.\d+)?%$/, example: '1%' },
  '/s': { pattern: /^\d+(\.\d+)?(\/s)?$/, example: '100/s' },
};
const longestText = 300;
const metricNames = 'p50, p95, p99.9, …, mean, max, error_rate, rps';

const eachSecond = /\s+each second$/;

/**
 * Reads `[name prefix:]metric<limit[ each second]`: the metric is a percentile (`p95`), `mean`, `max`, `error_rate` or `rps`, the
 * comparison one of `<`, `<=`, `>`, `>=`. Throws GaugewayError usage that says what is wrong with which part.
 */
export function parseThreshold(input: string): Threshold {
  const text = input.trim();
  const wrong = (why: string): GaugewayError =>
    new GaugewayError('usage', `threshold '${text.slice(0, longestText)}': ${why}`);
  const found = /^(?:(.*):)?([^:<>=]*)(<=|>=|<|>)([^<>=]*)$/s.exec(text.replace(eachSecond, ''));
  if (found === null || text.length > longestText) {
    throw wrong("write a metric, < or >, and a limit, e.g. 'p95<200ms' or 'tools/call:p99<500ms'");
  }
  const [, prefix, metricText = '', sign = '', limitText = ''] = found;
  if (prefix?.trim() === '') throw wrong('no request name stands before the colon');
  const metric = parseMetric(metricText.trim());
  if (metric === undefined) {
    throw wrong(`there is no metric '${metricText.trim()}' (there are ${metricNames})`);
  }
  if (!isComparison(sign)) throw wrong(`'${sign}' compares nothing`);
  const limit = parseLimit(units[metric.kind], limitText.trim());
  if (limit === undefined) {
    const { example } = limitForms[units[metric.kind]];
    throw wrong(`'${limitText.trim()}' is no limit of ${metricText.trim()}: write it like ${example}`);
  }
  const namePrefix = prefix?.trim();
  return { text, namePrefix, eachSecond: eachSecond.test(text), metric, comparison: sign, limit };
}

/** The unit in which {@link measure} and `limit` are. */
export function unitOf(threshold: Threshold): ThresholdUnit {
  return units[threshold.metric.kind];
}

/** The threshold's figure; null where no request finished, so that there is none but a rate, or where it was not told. */
export function measure({ metric }: Threshold, measured: MeasuredRequests): number | null {
  const { requests, failures, durationMs, latency } = measured;
  if (metric.kind === 'rps') return durationMs === 0 ? null : round((requests * 1000) / durationMs);
  if (requests === 0) return null;
  if (metric.kind === 'error_rate') return round((failures * 100) / requests);
  if (metric.kind === 'mean') return latency.meanMs;
  if (latency.quantileMs === undefined) return null;
  return latency.quantileMs(metric.kind === 'max' ? 1 : metric.percent / 100);
}

/** Whether a figure keeps its threshold. */
export function keeps(threshold: Threshold, value: number): boolean {
  return comparisons[threshold.comparison](value, threshold.limit);
}

function parseMetric(name: string): ThresholdMetric | undefined {
  if (name === 'mean' || name === 'max' || name === 'error_rate' || name === 'rps') return { kind: name };
  const [, digits] = /^p(\d{1,2}(?:\.\d{1,3})?)$/.exec(name) ?? [];
  const percent = Number(digits);
  return percent > 0 ? { kind: 'percentile', percent } : undefined;
}

function parseLimit(unit: ThresholdUnit, text: string): number | undefined {
  if (!limitForms[unit].pattern.test(text)) return undefined;
  if (unit !== 'ms') return Number.parseFloat(text);
  try {
    return parseDurationMs(text);
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'usage') return undefined;
    throw error;
  }
}

function isComparison(sign: string): sign is Comparison {
  return Object.hasOwn(comparisons, sign);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
