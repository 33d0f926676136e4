import type { ReactNode } from 'react';
import { formatShare } from '../format/format-value.ts';
import { describeWork, formatChange, formatWeight } from './describe-frame.ts';
import { functionAt, type FlameTree } from './flame-tree.ts';
import { marksInWords } from './function-times.ts';

/** What is under the pointer, beside it. The status line says the same for everybody else. */
export function FlameTooltip(props: { tree: FlameTree; node: number; xPx: number; yPx: number }): ReactNode {
  const { tree, node, xPx, yPx } = props;
  const { frame } = functionAt(tree, node);
  const total = tree.total[node] ?? 0;
  const self = tree.self[node] ?? 0;
  const isRight = xPx > innerWidth / 2;
  const isLow = yPx > innerHeight * 0.6;
  return (
    <div
      className="flame-tooltip"
      aria-hidden="true"
      style={{
        ...(isRight ? { right: innerWidth - xPx + 12 } : { left: xPx + 12 }),
        ...(isLow ? { bottom: innerHeight - yPx + 12 } : { top: yPx + 16 }),
      }}
    >
      <strong>{frame.name}</strong>
      {frame.file !== '' && (
        <span className="place">
          {frame.file}
          {frame.line > 0 && `:${frame.line}`}
        </span>
      )}
      {tree.before ? (
        <span>{formatChange(tree.before.total[node] ?? 0, 2 * total - (tree.before.total[node] ?? 0))}</span>
      ) : (
        <span>
          {formatWeight(total, tree.unit)} ·{' '}
          {formatShare(total / Math.max(Number.MIN_VALUE, tree.total[0] ?? 0))}
          {self > 0 && ` · self ${formatWeight(self, tree.unit)}`}
        </span>
      )}
      {node > 0 && <span>{describeWork(tree, node)}</span>}
      {frame.marks !== undefined && <span>{marksInWords(frame.marks)}</span>}
    </div>
  );
}
