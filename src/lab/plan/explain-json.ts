import { z } from 'zod';

const figure = z.number().optional();
const words = z.string().optional();

/** What one process of a parallel node tells of itself. */
const worker = z.object({ 'Sort Space Type': words, 'Sort Space Used': figure, 'Disk Usage': figure });

/**
 * A node of EXPLAIN (FORMAT JSON), PostgreSQL 14 to 18: what is read of it; other keys are kept. Rows, times and
 * removed rows are means per loop, rows fractional since 18; blocks and temporary space are of all loops and workers,
 * and blocks include those of the nodes below.
 */
const explainNode = z.looseObject({
  'Node Type': z.string(),
  'Parent Relationship': words,
  'Subplan Name': words,
  'Partial Mode': words,
  'Parallel Aware': z.boolean().optional(),
  'Join Type': words,
  Operation: words,
  Strategy: words,
  Schema: words,
  'Relation Name': words,
  Alias: words,
  'Index Name': words,
  'CTE Name': words,
  'Function Name': words,
  'Total Cost': figure,
  'Plan Rows': figure,
  'Actual Rows': figure,
  'Actual Loops': figure,
  'Actual Total Time': figure,
  'Rows Removed by Filter': figure,
  'Rows Removed by Join Filter': figure,
  'Rows Removed by Index Recheck': figure,
  'Heap Fetches': figure,
  'Lossy Heap Blocks': figure,
  'Workers Planned': figure,
  'Workers Launched': figure,
  'Sort Space Type': words,
  'Sort Space Used': figure,
  'Hash Batches': figure,
  'HashAgg Batches': figure,
  'Disk Usage': figure,
  Storage: words,
  'Maximum Storage': figure,
  'Shared Hit Blocks': figure,
  'Shared Read Blocks': figure,
  'Shared Dirtied Blocks': figure,
  'Temp Read Blocks': figure,
  'Temp Written Blocks': figure,
  Workers: z.array(worker).optional(),
  get Plans() {
    return z.array(explainNode).optional();
  },
});
export type ExplainNode = z.infer<typeof explainNode>;

const explained = z.object({
  Plan: explainNode,
  'Planning Time': figure,
  'Execution Time': figure,
  Settings: z.record(z.string(), z.string()).optional(),
  JIT: z.object({ Timing: z.object({ Total: figure }).optional() }).optional(),
  Triggers: z.array(z.object({ 'Trigger Name': z.string(), Time: figure, Calls: z.number() })).optional(),
});

/** The whole answer of one EXPLAIN (FORMAT JSON), without the list around it. */
export type Explained = z.infer<typeof explained>;

/** Reads the list that EXPLAIN (FORMAT JSON) answers with. Throws ZodError when it is none. */
export function readExplained(answer: unknown): Explained {
  return z.tuple([explained]).parse(answer)[0];
}

/** Reads a root node. Throws ZodError when it is none. */
export function readExplainNode(plan: unknown): ExplainNode {
  return explainNode.parse(plan);
}
