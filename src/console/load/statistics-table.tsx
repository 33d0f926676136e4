import type { ReactNode } from 'react';
import type { LoadRow, OptionalPercentile } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';
import { RequestTable, type RequestColumn } from '../tables/request-table.tsx';

const optional = (name: OptionalPercentile): RequestColumn<LoadRow> => ({
  title: `${name} %`,
  says: `${name} of 100 requests took at most this long`,
  value: ({ percentilesMs }) => percentilesMs[name],
  format: formatNumber,
  isOptional: true,
});

const figures: readonly RequestColumn<LoadRow>[] = [
  { title: 'Requests', value: ({ requests }) => requests, format: formatNumber },
  {
    title: 'Fails',
    value: ({ failures }) => failures,
    format: formatNumber,
    isBad: ({ failures }) => failures > 0,
  },
  { title: 'Median', says: '50 %', value: ({ p50Ms }) => p50Ms, format: formatNumber },
  optional('66'),
  optional('75'),
  optional('80'),
  optional('90'),
  { title: '95 %', value: ({ p95Ms }) => p95Ms, format: formatNumber },
  optional('98'),
  { title: '99 %', value: ({ p99Ms }) => p99Ms, format: formatNumber },
  optional('99.9'),
  { title: 'Average', value: ({ meanMs }) => meanMs, format: formatNumber },
  { title: 'Min', value: ({ minMs }) => minMs, format: formatNumber },
  { title: 'Max', value: ({ maxMs }) => maxMs, format: formatNumber },
  {
    title: 'Bytes',
    says: 'Average body of an answer',
    value: ({ meanResponseBytes }) => meanResponseBytes,
    format: formatNumber,
  },
];
const current: readonly RequestColumn<LoadRow>[] = [
  { title: 'Req/s now', value: ({ currentRps }) => currentRps, format: formatNumber },
  {
    title: 'Fails/s now',
    value: ({ currentFailuresPerS }) => currentFailuresPerS,
    format: formatNumber,
    isBad: ({ currentFailuresPerS }) => currentFailuresPerS > 0,
  },
];
const whileRunning = [...figures, ...current];
/** After the end there is no now, but there is what it was over the whole time. */
const afterwards: readonly RequestColumn<LoadRow>[] = [
  ...figures,
  { title: 'Req/s', value: ({ rps }) => rps, format: formatNumber },
];

/** What each kind of request took so far. */
export function StatisticsTable(props: {
  rows: LoadRow[];
  total: LoadRow;
  isOver: boolean;
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
        columns={props.isOver ? afterwards : whileRunning}
        rows={props.rows}
        total={props.total}
        {...(props.isLive ? { remembersAs: 'gaugeway-load-statistics' } : {})}
      />
    </section>
  );
}
