import { useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react';
import type { PlanNode } from '../../lab/plan/plan-tree.ts';
import type { PlanReading, PlanRemark } from '../../lab/plan/read-plan.ts';
import { formatMs, formatNumber, formatShare } from '../format/format-value.ts';
import { VerdictMark } from '../report/verdict-mark.tsx';
import { PlanFigures } from './plan-figures.tsx';
import { moveTo, visibleNodes } from './walk-tree.ts';

/** A plan with what was seen in it: its remarks, then its tree with the time, rows and blocks of each node. */
export function PlanView({ reading, label }: { reading: PlanReading; label: string }): ReactNode {
  const { root, remarks } = reading;
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const [current, setCurrent] = useState(root.id);
  const tree = useRef<HTMLUListElement>(null);
  const visible = useMemo(() => visibleNodes(root, closed), [root, closed]);

  const focus = (id: number): void => {
    setCurrent(id);
    tree.current?.querySelector<HTMLElement>(`[data-node="${id}"]`)?.focus();
  };
  const toggle = (id: number, isClosed = !closed.has(id)): void => {
    const next = new Set(closed);
    if (isClosed) next.add(id);
    else next.delete(id);
    setClosed(next);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = moveTo(event.key, visible, current, closed);
    if (move === undefined) return;
    event.preventDefault();
    if (move.close !== undefined) toggle(current, move.close);
    if (move.focus !== undefined) focus(move.focus);
  };
  const show = (node: number): void => {
    setClosed(new Set());
    // The node may only be drawn once everything is open again.
    requestAnimationFrame(() => focus(node));
  };

  return (
    <div className="plan">
      <Remarks remarks={remarks} root={root} onShow={show} />
      <div className="plan-head" aria-hidden="true">
        <span>Node</span>
        <span>{root.actual === null ? 'Cost' : 'Time of its own'}</span>
        <span>Rows expected → found</span>
        <span>Blocks</span>
      </div>
      <ul className="plan-tree" role="tree" aria-label={label} ref={tree} onKeyDown={onKeyDown}>
        <TreeNode
          node={root}
          depth={0}
          reading={reading}
          closed={closed}
          current={current}
          onToggle={toggle}
          onFocus={setCurrent}
        />
      </ul>
      <Summary reading={reading} />
    </div>
  );
}

interface TreeProps {
  node: PlanNode;
  depth: number;
  reading: PlanReading;
  closed: ReadonlySet<number>;
  current: number;
  onToggle: (id: number) => void;
  onFocus: (id: number) => void;
}

function TreeNode({ node, depth, ...context }: TreeProps): ReactNode {
  const { reading, closed, current, onToggle, onFocus } = context;
  const isClosed = closed.has(node.id);
  const hasChildren = node.children.length > 0;
  const own = reading.remarks.filter((remark) => remark.node === node.id);
  return (
    <li
      role="treeitem"
      aria-expanded={hasChildren ? !isClosed : undefined}
      aria-label={spoken(node, own)}
      tabIndex={node.id === current ? 0 : -1}
      data-node={node.id}
      onFocus={(event) => {
        event.stopPropagation();
        onFocus(node.id);
      }}
    >
      <div
        className="plan-node"
        style={indent(depth)}
        onClick={() => {
          if (hasChildren) onToggle(node.id);
        }}
      >
        <span className="plan-name">
          <span className="plan-toggle" aria-hidden="true">
            {hasChildren ? (isClosed ? '▸' : '▾') : ''}
          </span>
          <span>
            {node.subplan !== null && <span className="muted">{node.subplan}: </span>}
            <strong>{node.name}</strong>
            {(node.actual?.loops ?? 1) > 1 && (
              <span className="muted"> ×{formatNumber(node.actual?.loops ?? 1)}</span>
            )}
          </span>
        </span>
        <PlanFigures node={node} totalMs={reading.root.actual?.timeMs ?? 0} />
        <div className="plan-detail">
          {node.conditions.map(({ name, text }) => (
            <div key={name}>
              <span className="muted">{name}</span> <code>{text}</code>
            </div>
          ))}
          {own.map((remark) => (
            <div key={remark.check} className={`plan-remark plan-${remark.verdict}`}>
              {remark.label}
            </div>
          ))}
        </div>
      </div>
      {hasChildren && (
        <ul role="group" className="plan-children" hidden={isClosed}>
          {node.children.map((child) => (
            <TreeNode key={child.id} node={child} depth={depth + 1} {...context} />
          ))}
        </ul>
      )}
    </li>
  );
}

/** A deep tree does not push its names off a narrow page. */
const mostNarrowDepth = 5;

/** How far a node stands in, for the style sheet. */
function indent(depth: number): CSSProperties {
  const depths: Record<`--${string}`, number> = {
    '--plan-depth': depth,
    '--plan-narrow-depth': Math.min(depth, mostNarrowDepth),
  };
  return depths;
}

function spoken(node: PlanNode, remarks: readonly PlanRemark[]): string {
  const figures =
    node.actual === null
      ? `${formatNumber(node.expectedRows)} rows expected`
      : `${formatMs(node.actual.selfMs)}, ${formatNumber(node.actual.rows)} rows`;
  return [node.name, figures, ...remarks.map(({ label }) => label)].join(', ');
}

function Remarks(props: {
  remarks: readonly PlanRemark[];
  root: PlanNode;
  onShow: (node: number) => void;
}): ReactNode {
  const told = props.remarks.filter(({ verdict }) => verdict !== 'ok');
  const names = new Map(visibleNodes(props.root, new Set()).map(({ node }) => [node.id, node.name]));
  if (told.length === 0) return <p className="muted">Nothing in this plan crosses a limit.</p>;
  return (
    <ul className="plan-remarks">
      {told.map(({ check, node, verdict, text, advice }) => (
        <li key={`${check} ${node}`}>
          <VerdictMark verdict={verdict === 'ok' ? 'pass' : verdict} />
          <div>
            {node !== null && (
              <>
                <button type="button" className="plain-button" onClick={() => props.onShow(node)}>
                  {names.get(node)}
                </button>
                {': '}
              </>
            )}
            {text}
            {advice !== undefined && <div className="plan-advice">→ {advice}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Summary({ reading: { summary, root } }: { reading: PlanReading }): ReactNode {
  const { planningMs, executionMs, jitMs, buffers, settings, triggers } = summary;
  const blocks = buffers === null ? 0 : buffers.hit + buffers.read;
  const facts = [
    ...(planningMs === null ? [] : [`planning ${formatMs(planningMs)}`]),
    ...(executionMs === null ? [`cost ${formatNumber(root.cost)}`] : [`execution ${formatMs(executionMs)}`]),
    ...(jitMs === null ? [] : [`of it JIT ${formatMs(jitMs)}`]),
    ...(buffers === null || blocks === 0
      ? []
      : [`${formatNumber(blocks)} blocks, ${formatShare(buffers.hit / blocks)} hit`]),
    ...triggers.map(
      ({ name, calls, timeMs }) => `trigger ${name}: ${formatNumber(calls)} calls, ${formatMs(timeMs)}`,
    ),
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
  ];
  return <p className="muted plan-summary">{facts.join(' · ')}</p>;
}
