import type { RequestStats } from '../../run-document.ts';
import type { LatencySketch } from '../../../shared/latency-sketch.ts';
import type { LoadStatistics } from '../load-statistics.ts';
import { aggregatedName } from '../load-statistics.ts';
import { locustBucket, locustPercentile, perSecond, splitName } from './locust-figures.ts';
import type { LocustException } from './locust-answers.ts';

type Row = readonly (string | number)[];

/** The percentiles that Locust's files have, by the headings they have there. */
const percentiles = {
  '50%': 0.5,
  '66%': 0.66,
  '75%': 0.75,
  '80%': 0.8,
  '90%': 0.9,
  '95%': 0.95,
  '98%': 0.98,
  '99%': 0.99,
  '99.9%': 0.999,
  '99.99%': 0.9999,
  '100%': 1,
} as const;
const percentileNames = Object.keys(percentiles);

const requestsHeader = [
  'Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time',
  'Max Response Time,Average Content Size,Requests/s,Failures/s',
  ...percentileNames,
].join(',');
/** The last two are those of Locust 2.44 and newer. */
const failuresHeader = 'Method,Name,Error,Occurrences,First Seen,Last Seen';
const exceptionsHeader = 'Count,Message,Traceback,Nodes';
const historyHeader = [
  'Timestamp,User Count,Type,Name,Requests/s,Failures/s',
  ...percentileNames,
  'Total Request Count,Total Failure Count,Total Median Response Time,Total Average Response Time',
  'Total Min Response Time,Total Max Response Time,Total Average Content Size',
].join(',');

/** Locust's file of requests: one row per request name, then all together. Times in milliseconds. */
export function requestsCsv(statistics: LoadStatistics): string {
  const rows = [...statistics.byName, statistics.total].map((stats) => [
    ...typeAndName(stats),
    stats.requests,
    stats.failures,
    ...timesOf(stats),
    statistics.meanResponseBytes(stats.name),
    stats.rps,
    perSecond(stats.failures, statistics.durationMs),
    ...percentileFields(statistics.latencyOf(stats.name)),
  ]);
  return toCsv(rows, requestsHeader);
}

/** Locust's file of failures, sorted by request name; times in seconds since the epoch. */
export function failuresCsv(statistics: LoadStatistics): string {
  const rows = statistics.failures
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map((failure): Row => {
      const { method, name } = splitName(failure.name);
      const seen = [failure.firstSeenMs / 1000, failure.lastSeenMs / 1000];
      return [method, name, failure.kind, failure.occurrences, ...seen];
    });
  return toCsv(rows, failuresHeader);
}

/** Locust's file of exceptions. */
export function exceptionsCsv(exceptions: readonly LocustException[]): string {
  return toCsv(
    exceptions.map(({ count, msg, traceback, nodes }) => [count, msg, traceback, nodes]),
    exceptionsHeader,
  );
}

/** The first line of Locust's file of history. */
export const historyCsvHeader = toCsv([], historyHeader);

/**
 * The lines of Locust's file of history for one moment: all requests together and, with `everyName`, one line
 * per request name before it. As with Locust, the percentiles are those of the whole test so far, or with
 * `everyName` those of the last ten seconds.
 */
export function historyCsvLines(statistics: LoadStatistics, atMs: number, everyName: boolean): string {
  const names = everyName ? statistics.byName : [];
  return toCsv(
    [...names, statistics.total].map((stats) => {
      const { rps, failuresPerS } = statistics.current(stats.name);
      const latency = everyName ? statistics.currentLatencyOf(stats.name) : statistics.latencyOf(stats.name);
      return [
        Math.floor(atMs / 1000),
        statistics.users,
        ...typeAndName(stats),
        rps.toFixed(6),
        failuresPerS.toFixed(6),
        ...percentileFields(latency),
        stats.requests,
        stats.failures,
        ...timesOf(stats),
        statistics.meanResponseBytes(stats.name),
      ];
    }),
  );
}

function typeAndName({ name }: RequestStats): [type: string, name: string] {
  if (name === aggregatedName) return ['', name];
  const split = splitName(name);
  return [split.method, split.name];
}

function timesOf({ p50Ms, meanMs, minMs, maxMs }: RequestStats): number[] {
  return [locustBucket(p50Ms), meanMs, minMs, maxMs];
}

function percentileFields(latency: LatencySketch | undefined): Row {
  if (latency === undefined || latency.count === 0) return percentileNames.map(() => 'N/A');
  return Object.values(percentiles).map((q) => locustPercentile(latency, q));
}

/** RFC 4180: quoted only where it must be, lines ended by CRLF. */
function toCsv(rows: readonly Row[], header?: string): string {
  const lines = rows.map((row) => row.map(field).join(','));
  return [...(header === undefined ? [] : [header]), ...lines].map((line) => `${line}\r\n`).join('');
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
