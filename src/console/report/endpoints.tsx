import { useState, type ReactNode } from 'react';
import type { RequestStats, RunDocument } from '../../lab/run-document.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';

type Column = 'name' | 'requests' | 'failures' | 'rps' | 'meanMs' | 'p50Ms' | 'p95Ms' | 'p99Ms' | 'maxMs';

const columns: { key: Column; title: string; format?: (value: number) => string }[] = [
  { key: 'name', title: 'Request' },
  { key: 'requests', title: 'Requests', format: formatNumber },
  { key: 'failures', title: 'Failures', format: formatNumber },
  { key: 'rps', title: 'Per second', format: formatNumber },
  { key: 'meanMs', title: 'Mean', format: formatMs },
  { key: 'p50Ms', title: 'p50', format: formatMs },
  { key: 'p95Ms', title: 'p95', format: formatMs },
  { key: 'p99Ms', title: 'p99', format: formatMs },
  { key: 'maxMs', title: 'Max', format: formatMs },
];

/** Requests by name, sortable, with what failed and how. */
export function Endpoints({ load }: { load: RunDocument['load'] }): ReactNode {
  const [sort, setSort] = useState<{ by: Column; down: boolean }>({ by: 'requests', down: true });
  const rows = load.byName.toSorted((a, b) => compare(a, b, sort.by) * (sort.down ? -1 : 1));
  const failed = rows.filter((row) => row.failures > 0);
  return (
    <section id="endpoints" aria-labelledby="endpoints-title">
      <h2 id="endpoints-title">Endpoints</h2>
      <div className="table-scroll">
        <table>
          <caption>
            The steady phase (the whole load of a run that never became steady), as the clients saw it. Choose
            a heading to sort.
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
              <Row key={row.name} row={row} />
            ))}
          </tbody>
          <tfoot>
            <Row row={{ ...load, name: 'All' }} />
          </tfoot>
        </table>
      </div>
      {failed.length > 0 && (
        <details>
          <summary>Failures by kind</summary>
          <ul>
            {failed.flatMap((row) =>
              Object.entries(row.failuresByKind).map(([kind, count]) => (
                <li key={`${row.name} ${kind}`}>
                  <strong>{formatNumber(count)}</strong> {kind} <span className="muted">in {row.name}</span>
                </li>
              )),
            )}
          </ul>
        </details>
      )}
    </section>
  );
}

function Row({ row }: { row: RequestStats }): ReactNode {
  return (
    <tr>
      <th scope="row">{row.name}</th>
      {columns.map(({ key, format }) =>
        key === 'name' || !format ? null : (
          <td key={key} className={`number${key === 'failures' && row.failures > 0 ? ' bad' : ''}`}>
            {format(row[key])}
          </td>
        ),
      )}
    </tr>
  );
}

function compare(a: RequestStats, b: RequestStats, by: Column): number {
  return by === 'name' ? a.name.localeCompare(b.name) : a[by] - b[by];
}
