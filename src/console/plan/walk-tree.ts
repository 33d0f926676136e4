import type { PlanNode } from '../../lab/plan/plan-tree.ts';

/** A node that can be seen, with the one above it. */
export interface VisibleNode {
  node: PlanNode;
  parent: number | null;
}

/** The nodes that can be seen while those in `closed` hide what is below them, in the order of the page. */
export function visibleNodes(
  root: PlanNode,
  closed: ReadonlySet<number>,
  parent: number | null = null,
): VisibleNode[] {
  const below = closed.has(root.id)
    ? []
    : root.children.flatMap((child) => visibleNodes(child, closed, root.id));
  return [{ node: root, parent }, ...below];
}

/** What a key does on a node of a tree (ARIA's tree pattern): another node gets the focus, or it opens or closes. */
export function moveTo(
  key: string,
  visible: readonly VisibleNode[],
  current: number,
  closed: ReadonlySet<number>,
): { focus?: number | undefined; close?: boolean } | undefined {
  const at = visible.findIndex(({ node }) => node.id === current);
  const here = visible[at];
  if (here === undefined) return undefined;
  const isClosed = closed.has(current);
  const hasChildren = here.node.children.length > 0;
  switch (key) {
    case 'ArrowDown':
      return { focus: visible[at + 1]?.node.id };
    case 'ArrowUp':
      return { focus: visible[at - 1]?.node.id };
    case 'Home':
      return { focus: visible[0]?.node.id };
    case 'End':
      return { focus: visible.at(-1)?.node.id };
    case 'ArrowRight':
      return isClosed ? { close: false } : { focus: here.node.children[0]?.id };
    case 'ArrowLeft':
      return hasChildren && !isClosed ? { close: true } : { focus: here.parent ?? undefined };
    case 'Enter':
    case ' ':
      return hasChildren ? { close: !isClosed } : {};
    default:
      return undefined;
  }
}
