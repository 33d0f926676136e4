import { z } from 'zod';

/** What is read of a node of EXPLAIN (FORMAT JSON, VERBOSE). Rows are per loop, and fractional since PostgreSQL 18. */
const planNode = z.object({
  'Node Type': z.string(),
  Schema: z.string().optional(),
  'Relation Name': z.string().optional(),
  Filter: z.string().optional(),
  'Plan Rows': z.number(),
  'Parallel Aware': z.boolean().optional(),
  'Workers Planned': z.number().optional(),
  'Actual Rows': z.number().optional(),
  'Actual Loops': z.number().optional(),
  'Rows Removed by Filter': z.number().optional(),
  Plans: z.array(z.unknown()).optional(),
});
type PlanNode = z.infer<typeof planNode>;

export interface SequentialScan {
  schema: string;
  table: string;
  /** Rows that passed the filter and that did not, over all loops; null when the plan was not run. */
  rows: { kept: number; removed: number } | null;
  /** Rows that the planner expects to pass, all parallel workers together. */
  estimatedRows: number;
  filtered: boolean;
}

/** The sequential scans of a plan, in the order of the tree. Throws ZodError when it is no plan. */
export function sequentialScans(plan: unknown): SequentialScan[] {
  return scansBelow(plan, 0);
}

function scansBelow(plan: unknown, workers: number): SequentialScan[] {
  const node = planNode.parse(plan);
  const workersBelow = node['Workers Planned'] ?? workers;
  const below = (node.Plans ?? []).flatMap((child) => scansBelow(child, workersBelow));
  return node['Node Type'] === 'Seq Scan' ? [scanOf(node, workers), ...below] : below;
}

function scanOf(node: PlanNode, workers: number): SequentialScan {
  const loops = node['Actual Loops'];
  const actual = node['Actual Rows'];
  return {
    schema: node.Schema ?? '',
    table: node['Relation Name'] ?? '',
    rows:
      loops === undefined || loops === 0 || actual === undefined
        ? null
        : { kept: actual * loops, removed: (node['Rows Removed by Filter'] ?? 0) * loops },
    estimatedRows: node['Plan Rows'] * (node['Parallel Aware'] === true ? parallelDivisor(workers) : 1),
    filtered: node.Filter !== undefined,
  };
}

/** By what the planner divides rows among workers: the leader helps the less the more there are (costsize.c, get_parallel_divisor). */
function parallelDivisor(workers: number): number {
  return workers + Math.max(0, 1 - 0.3 * workers);
}

/**
 * The share of the table's rows that the scan's filter keeps, 0 to 1: counted where the plan was run, else the
 * planner's estimate against `liveRows`. 1 without a filter, null when unknown.
 */
export function keptShare(scan: SequentialScan, liveRows: number): number | null {
  if (!scan.filtered) return 1;
  if (scan.rows !== null) {
    const seen = scan.rows.kept + scan.rows.removed;
    return seen === 0 ? null : scan.rows.kept / seen;
  }
  return liveRows > 0 ? Math.min(1, scan.estimatedRows / liveRows) : null;
}
