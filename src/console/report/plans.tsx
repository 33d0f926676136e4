import type { ReactNode } from 'react';
import type { ReportData } from '../../lab/report/report-data.ts';
import { formatMs, formatNumber, formatShare } from '../format/format-value.ts';

type Plan = ReportData['plans'][number];
type PlanNode = Record<string, unknown>;

/** Query plans as PostgreSQL gave them, node by node. */
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
          {plan.sequentialScans.map((scan) => (
            <p key={`${scan.schema}.${scan.table}`}>
              Reads all {formatNumber(scan.liveRows)} rows of {scan.schema}.{scan.table}
              {scan.keptShare !== null && ` and keeps ${formatShare(scan.keptShare)} of them`}.
            </p>
          ))}
          <ul className="plan-tree">
            <PlanTree node={plan.plan} />
          </ul>
          <p className="muted">
            <code>{plan.file}</code> in the bundle
          </p>
        </details>
      ))}
    </section>
  );
}

function PlanTree({ node }: { node: PlanNode }): ReactNode {
  const children = Array.isArray(node['Plans']) ? node['Plans'].filter(isNode) : [];
  const isSequential = node['Node Type'] === 'Seq Scan';
  return (
    <li>
      <div className="plan-node">
        <strong className={isSequential ? 'bad' : ''}>{text(node['Node Type'])}</strong>
        {node['Relation Name'] !== undefined && <> on {text(node['Relation Name'])}</>}
        {node['Index Name'] !== undefined && <> using {text(node['Index Name'])}</>}
        <span className="muted"> {facts(node).join(' · ')}</span>
        {conditions.flatMap((name) =>
          node[name] === undefined ? (
            []
          ) : (
            <div key={name}>
              <span className="muted">{name}</span> <code>{text(node[name])}</code>
            </div>
          ),
        )}
      </div>
      {children.length > 0 && (
        <ul>
          {children.map((child, index) => (
            <PlanTree key={index} node={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

const conditions = [
  'Index Cond',
  'Recheck Cond',
  'Filter',
  'Hash Cond',
  'Join Filter',
  'Sort Key',
  'Group Key',
];

function facts(node: PlanNode): string[] {
  const number = (name: string): number | null => (typeof node[name] === 'number' ? node[name] : null);
  const rows = number('Actual Rows') ?? number('Plan Rows');
  const loops = number('Actual Loops');
  const timeMs = number('Actual Total Time');
  const removed = number('Rows Removed by Filter');
  const read = number('Shared Read Blocks');
  return [
    ...(rows === null
      ? []
      : [`${formatNumber(rows)} rows${number('Actual Rows') === null ? ' expected' : ''}`]),
    ...(removed === null ? [] : [`${formatNumber(removed)} removed by filter`]),
    ...(timeMs === null ? [] : [formatMs(timeMs)]),
    ...(loops === null || loops === 1 ? [] : [`${formatNumber(loops)} loops, figures per loop`]),
    ...(read === null || read === 0 ? [] : [`${formatNumber(read)} blocks read`]),
  ];
}

function isNode(value: unknown): value is PlanNode {
  return typeof value === 'object' && value !== null;
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(', ') : String(value);
}
