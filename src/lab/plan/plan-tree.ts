import { type ExplainNode, readExplainNode } from './explain-json.ts';
import { chargeOnce, participants, type PlanBuffers } from './charge-once.ts';

/** Why a node wrote temporary files. `bytes` is 0 where the server does not tell. */
export interface Spill {
  by: 'sort' | 'hash' | 'aggregate' | 'store';
  bytes: number;
  batches: number;
}

/** A node of a plan. Rows, times and blocks are of all loops and all processes together. */
export interface PlanNode {
  /** Place in the order of EXPLAIN, 0 for the root. */
  id: number;
  /** As EXPLAIN writes it, e.g. `Parallel Seq Scan`. */
  title: string;
  /** The title with what it reads, e.g. `Parallel Seq Scan on tool_metrics`. */
  name: string;
  /** As the server calls it, e.g. `Seq Scan`. */
  type: string;
  table: { schema: string; name: string; alias: string } | null;
  index: string | null;
  joinType: string | null;
  /** How it hangs on its parent: Outer, Inner, Subquery, Member, SubPlan, InitPlan; null for the root. */
  relationship: string | null;
  /** e.g. `CTE recent`, `InitPlan 1` */
  subplan: string | null;
  conditions: { name: string; text: string }[];
  cost: number;
  /** What the planner expected. */
  expectedRows: number;
  /** Null when the plan was not run; with 0 loops the node was not needed. */
  actual: { loops: number; rows: number; timeMs: number; selfMs: number } | null;
  removed: { filter: number; joinFilter: number; recheck: number };
  /** Its own, without those of the nodes below; null when they were not counted. */
  buffers: PlanBuffers | null;
  spill: Spill | null;
  heapFetches: number;
  lossyBlocks: number;
  workers: { planned: number; launched: number } | null;
  children: PlanNode[];
}

const conditionNames = [
  'Index Cond',
  'Recheck Cond',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Filter',
  'One-Time Filter',
  'Sort Key',
  'Group Key',
  'Function Call',
  'Order By',
] as const;

/** Reads a root node of EXPLAIN (FORMAT JSON) as a tree. Throws ZodError when it is none. */
export function planTree(plan: unknown): PlanNode {
  const root = readExplainNode(plan);
  const own = chargeOnce(root);
  let nextId = 0;
  const build = (node: ExplainNode, within: Parallel): PlanNode => {
    const id = nextId;
    nextId += 1;
    const below: Parallel =
      node['Workers Planned'] === undefined
        ? within
        : { workers: node['Workers Planned'], processes: participants(node) ?? 1 };
    const children = (node.Plans ?? []).map((child) => build(child, below));
    const loops = node['Actual Loops'];
    const taken = own.get(node);
    const total = (perLoop: number | undefined): number => (perLoop ?? 0) * (loops ?? 1);
    return {
      id,
      title: titleOf(node),
      name: nameOf(node),
      type: node['Node Type'],
      table:
        node['Relation Name'] === undefined
          ? null
          : {
              schema: node.Schema ?? '',
              name: node['Relation Name'],
              alias: node.Alias ?? node['Relation Name'],
            },
      index: node['Index Name'] ?? null,
      joinType: node['Join Type'] ?? null,
      relationship: node['Parent Relationship'] ?? null,
      subplan: node['Subplan Name'] ?? null,
      conditions: conditionNames.flatMap((name) => {
        const text = node[name];
        if (typeof text === 'string') return [{ name, text }];
        return Array.isArray(text) ? [{ name, text: text.map(String).join(', ') }] : [];
      }),
      cost: node['Total Cost'] ?? 0,
      expectedRows: (node['Plan Rows'] ?? 0) * shares(node, within),
      actual:
        loops === undefined || node['Actual Rows'] === undefined
          ? null
          : {
              loops,
              rows: total(node['Actual Rows']),
              timeMs: taken?.timeMs ?? 0,
              selfMs: taken?.selfMs ?? 0,
            },
      removed: {
        filter: total(node['Rows Removed by Filter']),
        joinFilter: total(node['Rows Removed by Join Filter']),
        recheck: total(node['Rows Removed by Index Recheck']),
      },
      buffers: taken?.buffers ?? null,
      spill: spillOf(node) ?? storedSpill(node, taken?.buffers?.tempWritten ?? 0),
      heapFetches: node['Heap Fetches'] ?? 0,
      lossyBlocks: node['Lossy Heap Blocks'] ?? 0,
      workers:
        node['Workers Planned'] === undefined
          ? null
          : {
              planned: node['Workers Planned'],
              launched: node['Workers Launched'] ?? node['Workers Planned'],
            },
      children,
    };
  };
  return build(root, { workers: 0, processes: 1 });
}

/** Every node of a tree, in the order of EXPLAIN, each with those above it, the nearest first. */
export function nodesOf(
  root: PlanNode,
  above: readonly PlanNode[] = [],
): { node: PlanNode; above: readonly PlanNode[] }[] {
  return [{ node: root, above }, ...root.children.flatMap((child) => nodesOf(child, [root, ...above]))];
}

/** The parallel part of a plan that a node is in: as it was planned, and by how many processes it was run. */
interface Parallel {
  workers: number;
  processes: number;
}

/** How often the estimate of a node counts: for each loop, or for all processes among which its rows are divided. */
function shares(node: ExplainNode, { workers, processes }: Parallel): number {
  const loops = Math.max(1, node['Actual Loops'] ?? 1);
  if (node['Parallel Aware'] !== true || workers === 0) return loops;
  return parallelDivisor(workers) * Math.max(1, loops / processes);
}

/** By what the planner divides rows among workers: the leader helps the less the more there are (costsize.c, get_parallel_divisor). */
function parallelDivisor(workers: number): number {
  return workers + Math.max(0, 1 - 0.3 * workers);
}

function nameOf(node: ExplainNode): string {
  const title = titleOf(node);
  const table = node['Relation Name'];
  const index = node['Index Name'];
  if (table === undefined) {
    const read = index ?? node['CTE Name'] ?? node['Function Name'] ?? node.Alias;
    return read === undefined ? title : `${title} on ${read}`;
  }
  const using = index === undefined ? '' : ` using ${index}`;
  const alias = node.Alias === undefined || node.Alias === table ? '' : ` ${node.Alias}`;
  return `${title}${using} on ${table}${alias}`;
}

const aggregates: Record<string, string> = {
  Hashed: 'HashAggregate',
  Sorted: 'GroupAggregate',
  Mixed: 'MixedAggregate',
};

function titleOf(node: ExplainNode): string {
  const type = node['Node Type'];
  const partial = node['Partial Mode'];
  const join = node['Join Type'];
  const strategy = node.Strategy ?? '';
  const base = {
    Aggregate: aggregates[strategy] ?? type,
    ModifyTable: node.Operation ?? type,
    'Nested Loop': join === undefined || join === 'Inner' ? type : `Nested Loop ${join} Join`,
    'Hash Join': join === undefined || join === 'Inner' ? type : `Hash ${join} Join`,
    'Merge Join': join === undefined || join === 'Inner' ? type : `Merge ${join} Join`,
  }[type];
  const isPart = partial === 'Partial' || partial === 'Finalize';
  return [
    ...(node['Parallel Aware'] === true ? ['Parallel'] : []),
    ...(isPart ? [partial] : []),
    base ?? type,
  ].join(' ');
}

function spillOf(node: ExplainNode): Spill | null {
  const workers = node.Workers ?? [];
  const sorts = [node, ...workers].filter((each) => each['Sort Space Type'] === 'Disk');
  if (sorts.length > 0) {
    return { by: 'sort', bytes: bytesOf(sorts.map((each) => each['Sort Space Used'])), batches: 1 };
  }
  const batches = node['Hash Batches'] ?? 1;
  if (batches > 1) {
    return { by: 'hash', bytes: (node['Temp Written Blocks'] ?? 0) * blockBytes, batches };
  }
  const aggregateBytes = bytesOf([node, ...workers].map((each) => each['Disk Usage']));
  if (aggregateBytes > 0) {
    return { by: 'aggregate', bytes: aggregateBytes, batches: node['HashAgg Batches'] ?? 1 };
  }
  return null;
}

function bytesOf(kilobytes: (number | undefined)[]): number {
  return kilobytes.reduce<number>((all, value) => all + (value ?? 0), 0) * 1024;
}

const blockBytes = 8192;

/** What a node keeps for itself: the rows of a CTE, a Materialize. The other side of a spilled hash is told with it. */
function storedSpill(node: ExplainNode, tempBlocksWritten: number): Spill | null {
  if (tempBlocksWritten === 0 || node['Node Type'] === 'Hash Join') return null;
  return { by: 'store', bytes: tempBlocksWritten * blockBytes, batches: 1 };
}
