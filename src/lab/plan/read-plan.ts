import type { Limits } from '../look/limits.ts';
import { type LookVerdict, worstVerdict } from '../look/look.ts';
import { type Found, nodeChecks, planChecks } from './plan-checks.ts';
import type { PlanSummary } from './plan-summary.ts';
import { nodesOf, type PlanNode, planTree } from './plan-tree.ts';

/** What was seen in a plan. `node` is the id of a node; null for the plan as a whole. */
export interface PlanRemark extends Found {
  check: string;
  node: number | null;
}

/** A plan, read and judged: all that a view of it shows. */
export interface PlanReading {
  root: PlanNode;
  summary: PlanSummary;
  /** In the order of the tree, then those of the whole. */
  remarks: PlanRemark[];
  verdict: LookVerdict;
}

/** Live rows of the tables that a plan scans sequentially. */
export type TableRows = readonly { schema: string; table: string; liveRows: number }[];

/** Reads and judges the root node of a plan. Throws ZodError when it is none. Pure. */
export function readPlan(
  plan: unknown,
  summary: PlanSummary,
  tables: TableRows,
  limits: Limits,
): PlanReading {
  const root = planTree(plan);
  const ofNodes = nodesOf(root).flatMap(({ node, above }) => {
    const place = { node, above, summary, tableRows: rowsOf(node, tables), limits };
    return Object.entries(nodeChecks).flatMap(([check, find]): PlanRemark[] => {
      const found = find(place);
      return found === undefined ? [] : [{ check, node: node.id, ...found }];
    });
  });
  const ofPlan = Object.entries(planChecks).flatMap(([check, find]): PlanRemark[] => {
    const found = find(summary, limits);
    return found === undefined ? [] : [{ check, node: null, ...found }];
  });
  const remarks = [...ofNodes, ...ofPlan];
  return { root, summary, remarks, verdict: worstVerdict(remarks.map(({ verdict }) => verdict)) };
}

/** Live rows of the table that a node reads; null when unknown. */
export function rowsOf({ table }: PlanNode, tables: TableRows): number | null {
  const known = tables.find((each) => each.schema === table?.schema && each.table === table.name);
  return known?.liveRows ?? null;
}

/** A node in a sentence, e.g. `Parallel Seq Scan on tool_metrics`. */
export function nodeName({
  title,
  table,
  index,
  reads,
}: Pick<PlanNode, 'title' | 'table' | 'index' | 'reads'>): string {
  if (table === null) {
    const read = index ?? reads;
    return read === null ? title : `${title} on ${read}`;
  }
  const using = index === null ? '' : ` using ${index}`;
  const alias = table.alias === table.name ? '' : ` ${table.alias}`;
  return `${title}${using} on ${table.name}${alias}`;
}
