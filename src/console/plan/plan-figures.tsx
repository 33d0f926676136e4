import type { ReactNode } from 'react';
import type { PlanNode } from '../../lab/plan/plan-tree.ts';
import { formatMs, formatNumber } from '../format/format-value.ts';

/** Shares of the time from which a node stands out. */
const hot = 0.4;
const hottest = 0.9;

/** The time of a node by itself with a bar, its rows against the estimate, and its blocks. */
export function PlanFigures({ node, totalMs }: { node: PlanNode; totalMs: number }): ReactNode {
  const { actual, buffers } = node;
  const share = actual === null || totalMs === 0 ? 0 : Math.min(1, actual.selfMs / totalMs);
  const heat = share >= hottest ? 'fail' : share >= hot ? 'warn' : 'ok';
  const blocks = buffers === null ? null : buffers.hit + buffers.read;
  return (
    <>
      <span className="plan-time">
        {actual === null ? (
          `cost ${formatNumber(node.cost)}`
        ) : (
          <>
            <span className="plan-bar" aria-hidden="true">
              <span className={`plan-bar-${heat}`} style={{ width: `${share * 100}%` }} />
            </span>
            <span>
              {formatMs(actual.selfMs)} <span className="muted">{percentOf(share)}</span>
            </span>
          </>
        )}
      </span>
      <span className="plan-rows">{rowsOf(node)}</span>
      <span className="plan-blocks">
        {blocks === null || blocks === 0 ? '' : formatNumber(blocks)}
        {blocks !== null && blocks > 0 && <span className="plan-unit"> blocks</span>}
      </span>
    </>
  );
}

/** Whole percent, as parts of one do not tell nodes apart. */
function percentOf(share: number): string {
  if (share === 0) return '';
  return share < 0.01 ? '<1 %' : `${Math.round(share * 100)} %`;
}

function rowsOf({ actual, expectedRows }: PlanNode): ReactNode {
  if (actual === null) return `${formatNumber(Math.round(expectedRows))} rows expected`;
  if (actual.loops === 0) return <span className="muted">not run</span>;
  return (
    <>
      <span className="muted">{formatNumber(Math.round(expectedRows))} → </span>
      {formatNumber(Math.round(actual.rows))}
      <span className="plan-unit"> rows</span>
    </>
  );
}
