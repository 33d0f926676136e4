import type { ReactNode } from 'react';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { formatNumber, formatShare } from '../format/format-value.ts';

/** How often each task is meant to be asked for, how often it was, and what is left out. */
export function CurrentRatio({ details }: { details: LoadTestDetails }): ReactNode {
  const { plan, rows } = details;
  const requestsOf = (name: string): number => rows.find((row) => row.name === name)?.requests ?? 0;
  const sum = (plan?.tasks ?? []).reduce((total, { name }) => total + requestsOf(name), 0);
  return (
    <section aria-labelledby="ratio-title">
      <h2 id="ratio-title">Current ratio</h2>
      {plan === null ? (
        <p className="muted">
          What {details.chosenScenarios.join(', ')} asks for is known once the target was asked what it has.
        </p>
      ) : (
        <>
          <div className="table-scroll" role="region" aria-labelledby="ratio-title" tabIndex={0}>
            <table>
              <caption>
                <span>
                  {plan.scenario} against <code>{plan.endpoint}</code>,{' '}
                  {plan.protocolVersion === undefined ? 'HTTP' : `MCP ${plan.protocolVersion}`}. What users do
                  at their start and end is in the figures of its name.
                </span>
              </caption>
              <thead>
                <tr>
                  <th>Task</th>
                  <th className="number">Meant</th>
                  <th className="number">Seen</th>
                  <th className="number">Requests</th>
                </tr>
              </thead>
              <tbody>
                {plan.tasks.map(({ name, share }) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td className="number">{formatShare(share)}</td>
                    <td className="number">{sum === 0 ? '–' : formatShare(requestsOf(name) / sum)}</td>
                    <td className="number">{formatNumber(requestsOf(name))}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {plan.leftOut.length > 0 && (
            <details>
              <summary>Left out: {plan.leftOut.length}</summary>
              <ul>
                {plan.leftOut.map(({ name, reason }) => (
                  <li key={name}>
                    <strong>{name}</strong> <span className="muted">{reason}</span>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </section>
  );
}
