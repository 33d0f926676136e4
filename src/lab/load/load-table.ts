import { formatDurationMs } from '../../shared/duration.ts';
import { wrapText } from '../report/wrap-text.ts';
import type { RequestStats } from '../run-document.ts';
import { doubtOf } from './generator-health.ts';
import type { LoadStatistics } from './load-statistics.ts';
import { oneLine } from '../../shared/one-line.ts';

export interface LoadTableOptions {
  /** Width of the terminal; names give way to the figures. */
  columns: number;
  color: boolean;
}

interface Column {
  title: string;
  width: number;
  value: (stats: RequestStats) => string;
  /** Times are marked where the generator itself was too slow to measure them. */
  time?: true;
  /** Left out where the terminal has no room for all. */
  yields?: true;
}

const allColumns: readonly Column[] = [
  { title: '# reqs', width: 9, value: ({ requests }) => String(requests) },
  {
    title: '# fails',
    width: 14,
    value: ({ requests, failures }) => `${failures}(${share(failures, requests)})`,
  },
  { title: 'Avg', width: 8, value: ({ meanMs }) => formatMs(meanMs), time: true },
  { title: 'Min', width: 8, value: ({ minMs }) => formatMs(minMs), time: true, yields: true },
  { title: 'Max', width: 8, value: ({ maxMs }) => formatMs(maxMs), time: true, yields: true },
  { title: 'Med', width: 8, value: ({ p50Ms }) => formatMs(p50Ms), time: true },
  { title: '95%', width: 8, value: ({ p95Ms }) => formatMs(p95Ms), time: true },
  { title: '99%', width: 8, value: ({ p99Ms }) => formatMs(p99Ms), time: true },
  { title: 'req/s', width: 9, value: ({ rps }) => rps.toFixed(1) },
];
const minNameWidth = 16;
/** Share of arrivals dropped from which on the load is not the one that was asked for. */
const worthAWord = 0.01;
/** Kinds of failure that are named one by one; the others are counted together. */
const maxListed = 20;

/** The table that Locust's users know, times in milliseconds, and below it what failed and how often. */
export function renderLoadTable(statistics: LoadStatistics, options: LoadTableOptions): string {
  const rows = statistics.byName;
  const fitsAll = widthOf(allColumns) + minNameWidth <= options.columns;
  const columns = fitsAll ? allColumns : allColumns.filter((column) => column.yields !== true);
  const figuresWidth = widthOf(columns);
  const longest = Math.max(minNameWidth, ...rows.map(({ name }) => name.length + 1));
  const nameWidth = Math.max(minNameWidth, Math.min(longest, options.columns - figuresWidth));
  const rule = '-'.repeat(nameWidth + figuresWidth);
  const head = pad('Name', nameWidth) + columns.map(({ title, width }) => title.padStart(width)).join('');
  const doubt = doubtOf(statistics.generator);
  const line = (stats: RequestStats): string => {
    const figures = columns.map(({ value, width, time }) =>
      `${value(stats)}${time === true ? doubt : ''}`.padStart(width),
    );
    const text = pad(oneLine(stats.name), nameWidth) + figures.join('');
    return stats.failures > 0 ? paint(text, red, options.color) : text;
  };
  return [
    paint(head, bold, options.color),
    rule,
    ...rows.map(line),
    rule,
    line(statistics.total),
    ...renderGenerator(statistics, options.columns).map((text) => paint(text, red, options.color)),
    ...renderArrivals(statistics),
    ...renderFailures(statistics, options),
    '',
  ].join('\n');
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0);
}

/** One line that says how the load goes now. */
export function renderLoadLine(statistics: LoadStatistics): string {
  const { rps, failuresPerS, p50Ms, p95Ms } = statistics.current();
  const { requests, failures } = statistics.total;
  const { arrivals } = statistics;
  const doubt = doubtOf(statistics.currentGenerator);
  const time = (ms: number | null): string => (ms === null ? '-' : `${formatMs(ms)}${doubt}`);
  return [
    formatDurationMs(Math.max(1000, statistics.durationMs)).padStart(7),
    `${statistics.users} users`.padStart(12),
    `${rps.toFixed(1)} req/s`.padStart(14),
    `${failuresPerS.toFixed(1)} fails/s`.padStart(13),
    `p50 ${time(p50Ms)} ms`.padStart(14),
    `p95 ${time(p95Ms)} ms`.padStart(14),
    `${requests} requests, ${failures} failed`.padStart(14),
    ...(arrivals === undefined ? [] : [`${arrivals.late} late, ${arrivals.dropped} dropped`]),
    ...(doubt === '' ? [] : ['generator saturated']),
  ].join(' ');
}

/** Says which process of the generator was short of what; nothing when it was sound. */
export function renderGenerator(
  { generator: { saturated, reasons } }: LoadStatistics,
  width: number,
): string[] {
  if (reasons.length === 0) return [];
  const verdict = saturated
    ? '! The load generator was saturated: times marked ! hold its own delay and prove nothing.'
    : '! The load generator was disturbed: times look higher than they are.';
  return ['', verdict, ...reasons.map((reason) => `- ${reason}`)].flatMap((line) =>
    wrapText(line, width, '  '),
  );
}

/** What the open model adds: whether the load that was asked for was sent, and the target's own share of the times. */
function renderArrivals({ arrivals, generator, total: { service } }: LoadStatistics): string[] {
  if (arrivals === undefined) return [];
  const time = (ms: number): string => `${formatMs(ms)}${doubtOf(generator)}`;
  const { planned, late, dropped } = arrivals;
  const times =
    service === undefined
      ? []
      : [
          `times above count from the arrival; from the sending (service): p50 ${time(service.p50Ms)}, ` +
            `p95 ${time(service.p95Ms)}, p99 ${time(service.p99Ms)}, max ${time(service.maxMs)} ms`,
        ];
  const unsentShare = planned === 0 ? 0 : dropped / planned;
  const unsent =
    unsentShare < worthAWord
      ? []
      : [
          `! ${(unsentShare * 100).toFixed(1)} % of the load was not sent: every user was busy (--max-users).`,
        ];
  return ['', `${planned} arrivals: ${late} late, ${dropped} dropped`, ...unsent, ...times];
}

/** What the code of a scenario threw. */
export function renderExceptions(exceptions: readonly { count: number; msg: string }[]): string[] {
  if (exceptions.length === 0) return [];
  return ['', '# occurrences  Exception', ...exceptions.map(({ count, msg }) => countLine(count, msg))];
}

function renderFailures(statistics: LoadStatistics, { color }: LoadTableOptions): string[] {
  const { failures } = statistics;
  if (failures.length === 0) return [];
  const listed = failures.slice(0, maxListed);
  const lines = listed.map(({ name, kind, occurrences }) =>
    countLine(occurrences, oneLine(`${name}: ${kind}`)),
  );
  const further = failures.slice(maxListed);
  const rest = further.reduce((sum, { occurrences }) => sum + occurrences, 0);
  const more = further.length === 0 ? [] : [countLine(rest, `${further.length} further kinds`)];
  return ['', paint('# occurrences  Failure', bold, color), ...lines, ...more];
}

function countLine(count: number, what: string): string {
  return `${String(count).padStart(9)}  ${what}`;
}

const red = '\u001b[31m';
const bold = '\u001b[1m';
const plain = '\u001b[0m';

function paint(text: string, style: string, color: boolean): string {
  return color ? `${style}${text}${plain}` : text;
}

function pad(name: string, width: number): string {
  return (name.length < width ? name : `${name.slice(0, width - 2)}…`).padEnd(width);
}

function formatMs(ms: number): string {
  return ms >= 100 ? ms.toFixed(0) : ms.toFixed(ms >= 10 ? 1 : 2);
}

function share(part: number, whole: number): string {
  return `${(whole === 0 ? 0 : (part / whole) * 100).toFixed(2)}%`;
}
