import type { ReactNode } from 'react';
import type { LoadStatsAnswer } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';

/** What failed, how, and when it was first and last seen. */
export function Failures({ errors }: { errors: LoadStatsAnswer['errors'] }): ReactNode {
  return (
    <section aria-labelledby="failures-title">
      <h2 id="failures-title">Failures</h2>
      {errors.length === 0 && <p className="muted">No request failed.</p>}
      <div
        className="table-scroll"
        hidden={errors.length === 0}
        role="region"
        aria-labelledby="failures-title"
        tabIndex={0}
      >
        <table>
          <thead>
            <tr>
              <th className="number">Times</th>
              <th>Request</th>
              <th>Failure</th>
              <th>First seen</th>
              <th>Last seen</th>
            </tr>
          </thead>
          <tbody>
            {errors.map((error) => (
              <tr key={`${error.method} ${error.name} ${error.error}`}>
                <td className="number bad">{formatNumber(error.occurrences)}</td>
                <th scope="row">{error.name}</th>
                <td>{error.error}</td>
                <td>{clock(error.first_seen)}</td>
                <td>{clock(error.last_seen)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function clock(epochS: number): string {
  return new Date(epochS * 1000).toLocaleTimeString([], { hour12: false });
}
