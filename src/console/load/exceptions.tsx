import type { ReactNode } from 'react';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { formatNumber } from '../format/format-value.ts';

/** What went wrong outside of requests. */
export function Exceptions({ exceptions }: { exceptions: LoadTestDetails['exceptions'] }): ReactNode {
  return (
    <section aria-labelledby="exceptions-title">
      <h2 id="exceptions-title">Exceptions</h2>
      {exceptions.length === 0 && <p className="muted">Nothing went wrong outside of requests.</p>}
      {exceptions.map(({ count, msg, traceback }) => (
        <div key={msg}>
          <p>
            <span className="bad">{formatNumber(count)} ×</span> {msg}
          </p>
          <details>
            <summary>Traceback</summary>
            <pre className="lines">{traceback}</pre>
          </details>
        </div>
      ))}
    </section>
  );
}
