import type { ReactNode } from 'react';
import type { LoadTestDetails } from '../../lab/load/web/stats-answer.ts';
import { formatBytes, formatMs, formatNumber, formatShare } from '../format/format-value.ts';

/** What is asked of the target and what is not, and how the generator itself fares. */
export function GeneratorFacts({ details }: { details: LoadTestDetails }): ReactNode {
  const { generator, plan } = details;
  return (
    <section aria-labelledby="generator-title">
      <h2 id="generator-title">Generator and scenario</h2>
      {generator && (
        <p>
          In its last second the generator used {formatNumber(generator.cpuPercent)} % of a core and{' '}
          {formatBytes(generator.rssBytes)}; its event loop was late by{' '}
          {formatMs(generator.eventLoopDelayP99Ms)} (p99), and {formatNumber(generator.lateStarts)} of{' '}
          {formatNumber(generator.plannedStarts)} requests started late.
        </p>
      )}
      {plan && (
        <>
          <p>
            {plan.scenario} against <code>{plan.endpoint}</code>, MCP {plan.protocolVersion}.
          </p>
          <ul className="shares">
            {plan.tasks.map(({ name, share }) => (
              <li key={name}>
                <span className="share">{formatShare(share)}</span> {name}
              </li>
            ))}
          </ul>
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
