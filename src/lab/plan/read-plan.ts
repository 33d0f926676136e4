import type { Limits } from '../look/limits.ts';
import { type LookVerdict, worstVerdict } from '../look/look.ts';
import type { PlanDocument } from '../timeline/events.ts';
import { adviceRemark } from './advice-remark.ts';
import { readExplainNode } from './explain-json.ts';
import { type Found, nodeChecks, planChecks } from './plan-checks.ts';
import { planSummary, type PlanSummary } from './plan-summary.ts';
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

/** Reads and judges a plan. Throws ZodError when it is none. Pure. */
export function readPlan(
  {
    plan,
    summary,
    sequentialScans,
    indexAdvice = [],
  }: Pick<PlanDocument, 'plan' | 'summary' | 'sequentialScans' | 'indexAdvice'>,
  limits: Limits,
): PlanReading {
  const root = planTree(plan);
  const told = summary ?? planSummary({ Plan: readExplainNode(plan) });
  const ofNodes = nodesOf(root).flatMap(({ node, above }) => {
    const place = { node, above, tableRows: rowsOf(node, sequentialScans), limits };
    const index = indexAdvice.find((each) => each.node === node.id);
    return Object.entries(nodeChecks).flatMap(([check, find]): PlanRemark[] => {
      const found = find(place);
      if (found === undefined) return [];
      const advice =
        check === 'sequential-scan' && index !== undefined ? { advice: adviceRemark(index) } : {};
      return [{ check, node: node.id, ...found, ...advice }];
    });
  });
  const ofPlan = Object.entries(planChecks).flatMap(([check, find]): PlanRemark[] => {
    const found = find(told, limits);
    return found === undefined ? [] : [{ check, node: null, ...found }];
  });
  const remarks = [...ofNodes, ...ofPlan];
  return { root, summary: told, remarks, verdict: worstVerdict(remarks.map(({ verdict }) => verdict)) };
}

/** Live rows of the table that a node reads; null when unknown. */
export function rowsOf({ table }: PlanNode, tables: TableRows): number | null {
  const known = tables.find((each) => each.schema === table?.schema && each.table === table.name);
  return known?.liveRows ?? null;
}
