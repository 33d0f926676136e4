import type { ReactNode } from 'react';
import type { LoadRow } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';
import { RequestTable, type RequestColumn } from '../tables/request-table.tsx';

const figures: readonly RequestColumn<LoadRow>[] = [
  { title: 'Requests', value: ({ requests }) => requests, format: formatNumber },
  {
    title: 'Fails',
    value: ({ failures }) => failures,
    format: formatNumber,
    isBad: ({ failures }) => failures > 0,
  },
  { title: 'Median', value: ({ p50Ms }) => p50Ms, format: formatNumber },
  { title: '95 %', value: ({ p95Ms }) => p95Ms, format: formatNumber },
  { title: '99 %', value: ({ p99Ms }) => p99Ms, format: formatNumber },
  { title: 'Average', value: ({ meanMs }) => meanMs, format: formatNumber },
  { title: 'Min', value: ({ minMs }) => minMs, format: formatNumber },
  { title: 'Max', value: ({ maxMs }) => maxMs, format: formatNumber },
  { title: 'Bytes', value: ({ meanResponseBytes }) => meanResponseBytes, format: formatNumber },
];
const current: readonly RequestColumn<LoadRow>[] = [
  { title: 'Req/s now', value: ({ currentRps }) => currentRps, format: formatNumber },
  { title: 'Fails/s now', value: ({ currentFailuresPerS }) => currentFailuresPerS, format: formatNumber },
];
const whileRunning = [...figures, ...current];
/** After the end there is no now. */
const afterwards = [...figures, ...current.map((column) => ({ ...column, format: () => '–' }))];

/** What each kind of request took so far. */
export function StatisticsTable(props: { rows: LoadRow[]; total: LoadRow; isOver: boolean }): ReactNode {
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
      />
    </section>
  );
}
