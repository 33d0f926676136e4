import type { ReactNode } from 'react';
import type { ReportData } from '../../lab/report/report-data.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';
import { PlanView } from '../plan/plan-view.tsx';

type Plan = ReportData['plans'][number];

/** The plans that were taken in the run, each statement with what is to be seen in its plan. */
export function Plans({ plans }: { plans: Plan[] }): ReactNode {
  if (plans.length === 0) return null;
  return (
    <section id="plans" aria-labelledby="plans-title">
      <h2 id="plans-title">Query plans</h2>
      {plans.map((plan, index) => (
        <details key={plan.file} id={plan.file} open={index === 0}>
          <summary>
            <code className="sql-line">{plan.sql.replaceAll(/\s+/g, ' ').slice(0, 140)}</code>{' '}
            <span className="muted">
              {formatNumber(plan.calls)} calls · mean {formatMs(plan.meanMs)} ·{' '}
              {plan.mode === 'analyze' ? 'really run, rolled back' : 'estimates only'}
            </span>
          </summary>
          <pre className="sql">{plan.sql}</pre>
          {plan.reading === null ? (
            <pre className="sql">{JSON.stringify(plan.plan, undefined, 2)}</pre>
          ) : (
            <PlanView reading={plan.reading} label={`Plan ${index + 1}`} />
          )}
          <p className="muted">
            <code>{plan.file}</code> in the bundle
          </p>
        </details>
      ))}
    </section>
  );
}
