import { useMemo, type KeyboardEvent, type ReactNode } from 'react';
import { formatShare } from '../format/format-value.ts';
import type { FlameFunction } from './call-tree.ts';
import { formatChange, formatWeight } from './describe-frame.ts';
import { FlamePane, type FlameAppearance } from './flame-pane.tsx';
import { functionAt, layOut, type FlameTree } from './flame-tree.ts';
import { calleesOf, callersOf } from './turned-trees.ts';
import { useFlameCursor } from './use-flame-cursor.ts';

interface SandwichProps extends FlameAppearance {
  base: FlameTree;
  fn: number;
  onClose: () => void;
  /** Another function. */
  onChoose: (chosen: FlameFunction) => void;
}

/** One function between who calls it, above, and what it calls, below, merged over all its places. */
export function Sandwich({ base, fn, onClose, onChoose, ...appearance }: SandwichProps): ReactNode {
  const callers = useMemo(() => layOut(callersOf(base, fn)), [base, fn]);
  const callees = useMemo(() => layOut(calleesOf(base, fn)), [base, fn]);
  const above = useFlameCursor(callers);
  const below = useFlameCursor(callees);
  const choose = (tree: FlameTree) => (node: number) => onChoose(functionAt(tree, node));
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && above.zoomed === 0 && below.zoomed === 0) onClose();
  };
  return (
    <section className="sandwich" aria-label="Callers and callees" onKeyDown={onKeyDown}>
      <div className="flame-crumbs">
        <button type="button" onClick={onClose}>
          Back to the whole graph
        </button>
        <span>
          <strong>{functionAt(callees, 0).label}</strong>: {wholeOf(callees, base)}
        </span>
      </div>
      <h4>Who calls it</h4>
      <FlamePane
        {...appearance}
        tree={callers}
        cursor={above}
        isUpwards
        label="Callers"
        hasSelf={false}
        onSandwich={choose(callers)}
      />
      <h4>What it calls</h4>
      <FlamePane
        {...appearance}
        tree={callees}
        cursor={below}
        isUpwards={false}
        label="Callees"
        hasSelf
        onSandwich={choose(callees)}
      />
    </section>
  );
}

/** What the function weighs with all it calls, of the whole profile. */
function wholeOf(callees: FlameTree, base: FlameTree): string {
  const total = callees.total[0] ?? 0;
  if (callees.before) {
    const before = callees.before.total[0] ?? 0;
    return formatChange(before, 2 * total - before);
  }
  const share = formatShare(total / Math.max(Number.MIN_VALUE, base.total[0] ?? 0));
  return `${formatWeight(total, base.unit)}, ${share} of the whole; self ${formatWeight(selfOf(callees), base.unit)}`;
}

/** Of the function at the root, in the calls of itself too. */
function selfOf(callees: FlameTree): number {
  let self = 0;
  for (let node = 0; node < callees.count; node += 1) {
    if (callees.fn[node] === callees.fn[0]) self += callees.self[node] ?? 0;
  }
  return self;
}
