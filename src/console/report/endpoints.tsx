import type { ReactNode } from 'react';
import type { ObservedStats, RunDocument } from '../../lab/run-document.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';
import { RequestTable, type RequestColumn } from '../tables/request-table.tsx';

const columns: readonly RequestColumn<ObservedStats>[] = [
  { title: 'Requests', value: ({ requests }) => requests, format: formatNumber },
  {
    title: 'Failures',
    value: ({ failures }) => failures,
    format: formatNumber,
    isBad: ({ failures }) => failures > 0,
  },
  { title: 'Per second', value: ({ rps }) => rps, format: formatNumber },
  { title: 'Mean', value: ({ meanMs }) => meanMs, format: formatMs },
  { title: 'p50', value: ({ p50Ms }) => p50Ms, format: formatMs },
  { title: 'p95', value: ({ p95Ms }) => p95Ms, format: formatMs },
  { title: 'p99', value: ({ p99Ms }) => p99Ms, format: formatMs },
  { title: 'Max', value: ({ maxMs }) => maxMs, format: formatMs },
];

/** Requests by name, sortable, with what failed and how. */
export function Endpoints({ load }: { load: RunDocument['load'] }): ReactNode {
  const failed = load.byName.filter((row) => row.failures > 0);
  return (
    <section id="endpoints" aria-labelledby="endpoints-title">
      <h2 id="endpoints-title">Endpoints</h2>
      <RequestTable
        labelledBy="endpoints-title"
        caption="The steady phase (the whole load of a run that never became steady), as the clients saw it. Choose a heading to sort."
        columns={columns}
        rows={load.byName}
        total={{ ...load, name: 'All' }}
        sortedBy="Requests"
      />
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
