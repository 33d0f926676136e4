import type { ReactNode } from 'react';
import type { LoadRow, OptionalPercentile } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';
import { RequestTable, type RequestColumn } from '../tables/request-table.tsx';

/** A time; marked where the generator was saturated, for it then holds the generator's own delay. */
type TimeColumn = Omit<RequestColumn<LoadRow>, 'format'>;

const optional = (name: OptionalPercentile): TimeColumn => ({
  title: `${name} %`,
  says: `${name} of 100 requests took at most this long`,
  value: ({ percentilesMs }) => percentilesMs[name],
  isOptional: true,
});

const times: readonly TimeColumn[] = [
  { title: 'Median', says: '50 %', value: ({ p50Ms }) => p50Ms },
  optional('66'),
  optional('75'),
  optional('80'),
  optional('90'),
  { title: '95 %', value: ({ p95Ms }) => p95Ms },
  optional('98'),
  { title: '99 %', value: ({ p99Ms }) => p99Ms },
  optional('99.9'),
  { title: 'Average', value: ({ meanMs }) => meanMs },
  { title: 'Min', value: ({ minMs }) => minMs },
  { title: 'Max', value: ({ maxMs }) => maxMs },
];
const counts: readonly RequestColumn<LoadRow>[] = [
  { title: 'Requests', value: ({ requests }) => requests, format: formatNumber },
  {
    title: 'Fails',
    value: ({ failures }) => failures,
    format: formatNumber,
    isBad: ({ failures }) => failures > 0,
  },
];
const bytes: RequestColumn<LoadRow> = {
  title: 'Bytes',
  says: 'Average body of an answer',
  value: ({ meanResponseBytes }) => meanResponseBytes,
  format: formatNumber,
};
const current: readonly RequestColumn<LoadRow>[] = [
  { title: 'Req/s now', value: ({ currentRps }) => currentRps, format: formatNumber },
  {
    title: 'Fails/s now',
    value: ({ currentFailuresPerS }) => currentFailuresPerS,
    format: formatNumber,
    isBad: ({ currentFailuresPerS }) => currentFailuresPerS > 0,
  },
];
/** After the end there is no now, but there is what it was over the whole time. */
const whole: RequestColumn<LoadRow> = { title: 'Req/s', value: ({ rps }) => rps, format: formatNumber };

const formatDoubted = (ms: number): string => `${formatNumber(ms)}!`;

function columnsOf(isOver: boolean, isDoubted: boolean): readonly RequestColumn<LoadRow>[] {
  const format = isDoubted ? formatDoubted : formatNumber;
  const shown = times.map((column): RequestColumn<LoadRow> => ({ ...column, format }));
  return [...counts, ...shown, bytes, ...(isOver ? [whole] : current)];
}

/** The same arrays each time: new ones would make the table anew. */
const columns = {
  over: { sound: columnsOf(true, false), doubted: columnsOf(true, true) },
  running: { sound: columnsOf(false, false), doubted: columnsOf(false, true) },
};

/** What each kind of request took so far. */
export function StatisticsTable(props: {
  rows: LoadRow[];
  total: LoadRow;
  isOver: boolean;
  /** Whether the generator was saturated, so that every time is marked. */
  isDoubted: boolean;
  /** Whether its columns can be picked and the browser remembers the choice; a report has no say in that. */
  isLive: boolean;
}): ReactNode {
  return (
    <section aria-labelledby="statistics-title">
      <h2 id="statistics-title">Statistics</h2>
      <RequestTable
        labelledBy="statistics-title"
        caption={
          props.isOver
            ? 'Times in milliseconds, bytes per answer, of the last test.'
            : 'Times in milliseconds, bytes per answer, since the start or the last reset; now is the last ten seconds.'
        }
        columns={columns[props.isOver ? 'over' : 'running'][props.isDoubted ? 'doubted' : 'sound']}
        rows={props.rows}
        total={props.total}
        {...(props.isLive ? { remembersAs: 'gaugeway-load-statistics' } : {})}
      />
    </section>
  );
}
