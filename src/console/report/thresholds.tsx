import type { ReactNode } from 'react';
import type { RunDocument } from '../../lab/run-document.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';

type Result = NonNullable<RunDocument['thresholds']>[number];

const formats: Record<Result['unit'], (value: number) => string> = {
  ms: formatMs,
  '%': (value) => `${formatNumber(value)} %`,
  '/s': (value) => `${formatNumber(value)} /s`,
};

/** What became of the limits that the load was to keep; nothing when there were none. */
export function Thresholds({ thresholds = [] }: Pick<RunDocument, 'thresholds'>): ReactNode {
  if (thresholds.length === 0) return null;
  return (
    <section id="thresholds" aria-labelledby="thresholds-title">
      <h2 id="thresholds-title">Thresholds</h2>
      <div className="table-scroll">
        <table>
          <caption>Limits that the load was to keep, over all its requests and second by second.</caption>
          <thead>
            <tr>
              <th>Threshold</th>
              <th>Result</th>
              <th className="number">Measured</th>
              <th className="number">Seconds that broke it</th>
            </tr>
          </thead>
          <tbody>
            {thresholds.map((result) => (
              <tr key={result.threshold}>
                <th scope="row">{result.threshold}</th>
                <td>
                  <span className={result.passed ? 'mark-pass' : 'mark-fail'}>
                    {result.passed ? '✓ kept' : '✕ broken'}
                  </span>
                  {result.endedTheLoad && <div className="muted">It ended the load.</div>}
                </td>
                <td className="number">
                  {result.value === null ? 'no request' : formats[result.unit](result.value)}
                </td>
                <td className="number">
                  {formatNumber(result.windows.broken)} of {formatNumber(result.windows.checked)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
