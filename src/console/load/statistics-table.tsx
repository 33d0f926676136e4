import { useState, type ReactNode } from 'react';
import type { LoadRow } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';

const columns = [
  { key: 'name', title: 'Request' },
  { key: 'requests', title: 'Requests', format: formatNumber },
  { key: 'failures', title: 'Fails', format: formatNumber },
  { key: 'p50Ms', title: 'Median', format: formatNumber },
  { key: 'p95Ms', title: '95 %', format: formatNumber },
  { key: 'p99Ms', title: '99 %', format: formatNumber },
  { key: 'meanMs', title: 'Average', format: formatNumber },
  { key: 'minMs', title: 'Min', format: formatNumber },
  { key: 'maxMs', title: 'Max', format: formatNumber },
  { key: 'meanResponseBytes', title: 'Bytes', format: formatNumber },
  { key: 'currentRps', title: 'Req/s now', format: formatNumber },
  { key: 'currentFailuresPerS', title: 'Fails/s now', format: formatNumber },
] as const satisfies { key: keyof LoadRow; title: string; format?: (value: number) => string }[];
type Column = (typeof columns)[number]['key'];

/** One row per request name, sortable, and all requests together at the foot. */
export function StatisticsTable(props: { rows: LoadRow[]; total: LoadRow; isOver: boolean }): ReactNode {
  const [sort, setSort] = useState<{ by: Column; down: boolean }>({ by: 'name', down: false });
  const rows = props.rows.toSorted((a, b) => compare(a, b, sort.by) * (sort.down ? -1 : 1));
  return (
    <section aria-labelledby="statistics-title">
      <h2 id="statistics-title">Statistics</h2>
      <div className="table-scroll" role="region" aria-labelledby="statistics-title" tabIndex={0}>
        <table>
          <caption>
            Times in milliseconds, bytes per answer,{' '}
            {props.isOver
              ? 'of the last test.'
              : 'since the start or the last reset; now is the last ten seconds.'}
          </caption>
          <thead>
            <tr>
              {columns.map(({ key, title }) => (
                <th
                  key={key}
                  className={key === 'name' ? '' : 'number'}
                  aria-sort={sort.by !== key ? 'none' : sort.down ? 'descending' : 'ascending'}
                >
                  <button
                    type="button"
                    onClick={() => setSort({ by: key, down: sort.by === key ? !sort.down : key !== 'name' })}
                  >
                    {title}
                    <span aria-hidden="true">{sort.by !== key ? '' : sort.down ? ' ↓' : ' ↑'}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <Row key={row.name} row={row} isOver={props.isOver} />
            ))}
          </tbody>
          <tfoot>
            <Row row={props.total} isOver={props.isOver} />
          </tfoot>
        </table>
      </div>
    </section>
  );
}

function Row({ row, isOver }: { row: LoadRow; isOver: boolean }): ReactNode {
  return (
    <tr>
      <th scope="row">{row.name}</th>
      {columns.map((column) => {
        if (column.key === 'name') return null;
        const bad = column.key === 'failures' && row.failures > 0;
        const gone = isOver && column.key.startsWith('current');
        return (
          <td key={column.key} className={`number${bad ? ' bad' : ''}`}>
            {gone ? '–' : column.format(row[column.key])}
          </td>
        );
      })}
    </tr>
  );
}

function compare(a: LoadRow, b: LoadRow, by: Column): number {
  return by === 'name' ? a.name.localeCompare(b.name) : a[by] - b[by];
}
