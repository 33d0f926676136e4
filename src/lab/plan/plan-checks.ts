import { limitTable, type LimitName, type Limits } from '../look/limits.ts';
import type { LookVerdict } from '../look/look.ts';
import type { PlanNode } from './plan-tree.ts';
import { formatCount, formatPercent, formatSize } from './plan-figures.ts';
import type { PlanSummary } from './plan-summary.ts';

/** A node with what is needed to judge it. */
export interface Place {
  node: PlanNode;
  /** The nodes above it, the nearest first. */
  above: readonly PlanNode[];
  /** Live rows of its table; null when unknown. */
  tableRows: number | null;
  limits: Limits;
}

/** What a check found: `label` stands beside the node, `text` and `advice` below the tree. */
export interface Found {
  verdict: LookVerdict;
  label: string;
  text: string;
  advice?: string;
}

/** What is looked for at each node, in this order. */
export const nodeChecks = {
  'sequential-scan': sequentialScan,
  'removed-rows': removedRows,
  estimate,
  spill,
  'heap-fetches': heapFetches,
  'lossy-bitmap': lossyBitmap,
  workers: missingWorkers,
  loops: manyLoops,
} as const satisfies Record<string, (place: Place) => Found | undefined>;

/** What is looked for in the plan as a whole. */
export const planChecks = {
  'read-share': readShare,
  jit: compiling,
  planning: longPlanning,
} as const satisfies Record<string, (summary: PlanSummary, limits: Limits) => Found | undefined>;

/** Rows that a filter keeps, 0 to 1: counted where the plan was run, else estimated. Null when unknown. */
export function keptShareOf(node: PlanNode, tableRows: number | null): number | null {
  if (!hasFilter(node)) return 1;
  if (node.actual !== null) {
    const seen = node.actual.rows + node.removed.filter;
    return seen === 0 ? null : node.actual.rows / seen;
  }
  return tableRows === null || tableRows <= 0 ? null : Math.min(1, node.expectedRows / tableRows);
}

/** Rows that one scan of a table read; by the statistics where it was not run. */
function scannedRows({ node, tableRows }: Place): number {
  if (node.actual === null) return tableRows ?? node.expectedRows;
  const times = node.title.startsWith('Parallel') ? 1 : Math.max(1, node.actual.loops);
  return (node.actual.rows + node.removed.filter) / times;
}

const cacheAdvice =
  'Run it less often (a longer cache time), keep the result (a materialized view, a rollup), or partition the table.';

function sequentialScan(place: Place): Found | undefined {
  const { node, tableRows, limits } = place;
  if (node.type !== 'Seq Scan') return undefined;
  const rows = scannedRows(place);
  if (rows <= limits['explain.seq-scan.rows']) return undefined;
  const kept = keptShareOf(node, tableRows);
  const counted = node.actual === null ? 'about ' : '';
  const all = `${counted}${formatCount(rows)} rows`;
  if (!hasFilter(node)) {
    return {
      verdict: verdictOf('explain.seq-scan.rows'),
      label: 'reads the whole table',
      text: `reads all ${all}: there is no filter`,
      advice: cacheAdvice,
    };
  }
  if (kept === null) return undefined;
  const share = formatPercent(kept);
  if (kept * 100 >= limits['explain.filter.kept']) {
    const removed =
      node.actual === null
        ? `is expected to keep ${share} of`
        : `(Rows Removed by Filter: ${formatCount(node.removed.filter)}) keeps ${kept === 1 ? 'all' : `${share} of`}`;
    return {
      verdict: verdictOf('explain.filter.kept'),
      label: kept === 1 ? 'filter keeps everything' : 'filter keeps nearly everything',
      text: `the filter ${removed} ${all}: it does not select, and an index would not help`,
      advice: cacheAdvice,
    };
  }
  const dropsMost = (1 - kept) * 100 >= limits['explain.filter.removed'];
  const isLarge = rows > limits['explain.seq-scan.dropped'];
  return {
    verdict: verdictOf(dropsMost && isLarge ? 'explain.seq-scan.dropped' : 'explain.seq-scan.rows'),
    label: `reads ${formatCount(rows)} rows to keep ${share}`,
    text: `reads ${all} of a large table to keep ${share} of them`,
    advice: dropsMost
      ? 'Add an index on the columns that the filter compares: those by equality first, then one range.'
      : 'An index pays the more, the fewer rows are kept: ask for fewer of them, or keep the result.',
  };
}

/** Rows that an index or a join found, and that something else dropped again. */
function removedRows({ node, limits }: Place): Found | undefined {
  if (node.actual === null || node.type === 'Seq Scan') return undefined;
  const { filter, joinFilter, recheck } = node.removed;
  const removed = filter + joinFilter + recheck;
  const seen = removed + node.actual.rows;
  if (seen <= limits['explain.seq-scan.rows']) return undefined;
  if ((removed / seen) * 100 < limits['explain.filter.removed']) return undefined;
  const [by, advice] =
    joinFilter >= Math.max(filter, recheck)
      ? ['join filter', 'Join by equality, so that rows are found and not tried one by one.']
      : recheck > filter
        ? ['recheck', 'Raise work_mem, so that the bitmap keeps rows and not pages.']
        : ['filter', filterAdvice(node)];
  return {
    verdict: verdictOf('explain.filter.removed'),
    label: `${by} drops ${formatPercent(removed / seen)}`,
    text: `its ${by} drops ${formatCount(removed)} of ${formatCount(seen)} rows that were found`,
    advice,
  };
}

function filterAdvice({ type, index }: PlanNode): string {
  if (index !== null || type === 'Bitmap Heap Scan') {
    return 'Add the filtered column to the index, or make the index a partial one.';
  }
  return 'Filter earlier, within what it reads: the rows that it drops were all made first.';
}

/** PEV2's first level: said beside the node only. */
const notableTimes = 10;
/** Below this many rows a wrong guess costs nothing. */
const fewRows = 100;

function estimate({ node, above, limits }: Place): Found | undefined {
  const { actual, expectedRows } = node;
  if (actual === null || actual.loops === 0 || !tellsRows(node)) return undefined;
  const loops = Math.max(1, actual.loops);
  const perLoop = { found: Math.max(1, actual.rows / loops), expected: Math.max(1, expectedRows / loops) };
  const tooFew = perLoop.found > perLoop.expected;
  const times = tooFew ? perLoop.found / perLoop.expected : perLoop.expected / perLoop.found;
  if (times < notableTimes || Math.max(actual.rows, expectedRows) < fewRows) return undefined;
  if (tooFew ? isReadAgain(node, above[0]) : isStoppedEarly(node, above)) return undefined;
  const far = times >= limits['explain.estimate.far-off'];
  const off = times >= limits['explain.estimate.off'];
  return {
    verdict: far ? verdictOf('explain.estimate.far-off') : off ? verdictOf('explain.estimate.off') : 'ok',
    label: `${formatCount(times)}× ${tooFew ? 'more' : 'fewer'} rows than expected`,
    text: `gives ${formatCount(actual.rows)} rows where ${formatCount(expectedRows)} were expected, ${formatCount(times)} times ${tooFew ? 'more' : 'fewer'}: the plan is built on a wrong guess`,
    advice:
      'Run ANALYZE on its tables; for columns that depend on each other CREATE STATISTICS, for uneven values a higher statistics target.',
  };
}

/** Nodes whose rows are counted. A bitmap's are not, and what changes rows gives none. */
function tellsRows({ type }: PlanNode): boolean {
  return !['BitmapAnd', 'BitmapOr', 'ModifyTable'].includes(type);
}

/** A merge join goes back in its inner side and counts its rows again. */
function isReadAgain({ relationship }: PlanNode, parent: PlanNode | undefined): boolean {
  return parent?.type === 'Merge Join' && relationship === 'Inner';
}

/** Whether somebody above may have had enough before the node had given all of its rows. */
function isStoppedEarly(node: PlanNode, above: readonly PlanNode[]): boolean {
  let below = node;
  for (const parent of above) {
    if (['Sort', 'Aggregate', 'Hash', 'HashAggregate'].includes(parent.type)) return false;
    const isInner = below.relationship === 'Inner';
    if (parent.type === 'Limit' || parent.type === 'Merge Join') return true;
    if (isInner && (parent.joinType === 'Semi' || parent.joinType === 'Anti')) return true;
    if (below.relationship === 'SubPlan' || below.relationship === 'InitPlan') return true;
    below = parent;
  }
  return false;
}

const spillWords: Record<NonNullable<PlanNode['spill']>['by'], string> = {
  sort: 'sorts on disk',
  hash: 'hashes in batches on disk',
  aggregate: 'groups on disk',
  store: 'keeps rows on disk',
};

function spill({ node, limits }: Place): Found | undefined {
  if (node.spill === null) return undefined;
  const { by, bytes, batches } = node.spill;
  if (batches === 1 && bytes < limits['explain.spill']) return undefined;
  const how = [
    ...(bytes > 0 ? [formatSize(bytes)] : []),
    ...(batches > 1 ? [`${batches} batches`] : []),
  ].join(', ');
  const said = `${spillWords[by]}${how === '' ? '' : ` (${how})`}`;
  return {
    verdict: verdictOf('explain.spill'),
    label: said,
    text: `${said}: its memory, work_mem, is too small for it`,
    advice:
      'Raise work_mem for this statement (SET LOCAL work_mem), or let fewer and narrower rows get here.',
  };
}

function heapFetches({ node, limits }: Place): Found | undefined {
  if (node.actual === null || node.actual.rows <= limits['explain.seq-scan.rows']) return undefined;
  const share = node.heapFetches / node.actual.rows;
  if (share * 100 <= limits['explain.heap-fetches']) return undefined;
  return {
    verdict: verdictOf('explain.heap-fetches'),
    label: `${formatCount(node.heapFetches)} heap fetches`,
    text: `went to the table for ${formatCount(node.heapFetches)} of ${formatCount(node.actual.rows)} rows, though the index holds them`,
    advice: 'VACUUM the table: it marks the pages that need no second look.',
  };
}

function lossyBitmap({ node }: Place): Found | undefined {
  if (node.lossyBlocks === 0) return undefined;
  return {
    verdict: verdictOf('explain.spill'),
    label: `${formatCount(node.lossyBlocks)} lossy blocks`,
    text: `its bitmap did not fit into work_mem: ${formatCount(node.lossyBlocks)} pages were searched row by row`,
    advice: 'Raise work_mem for this statement (SET LOCAL work_mem).',
  };
}

function missingWorkers({ node }: Place): Found | undefined {
  if (node.workers === null || node.workers.launched >= node.workers.planned) return undefined;
  const { planned, launched } = node.workers;
  return {
    verdict: 'warn',
    label: `${launched} of ${planned} workers`,
    text: `got ${launched} of the ${planned} parallel workers that it was planned with`,
    advice: 'Other statements had them: see max_parallel_workers and max_worker_processes.',
  };
}

/** What is run once for each row of something else, and is no look-up in an index. */
function manyLoops({ node, above, limits }: Place): Found | undefined {
  const loops = node.actual?.loops ?? 0;
  if (loops <= limits['explain.loops']) return undefined;
  const isSubPlan = node.relationship === 'SubPlan';
  const isRescan = node.type === 'Seq Scan' && above[0]?.type !== 'Gather';
  if (!isSubPlan && !isRescan) return undefined;
  return {
    verdict: verdictOf('explain.loops'),
    label: `run ${formatCount(loops)} times`,
    text: `is run ${formatCount(loops)} times, once for each row of what asks for it`,
    advice: isSubPlan
      ? 'Write the subquery as a join, so that it is read once.'
      : 'Add an index on the column that it is joined by.',
  };
}

/** Fewer blocks say nothing about a cache. */
const fewBlocks = 1000;

function readShare({ buffers }: PlanSummary, limits: Limits): Found | undefined {
  if (buffers === null || buffers.hit + buffers.read < fewBlocks) return undefined;
  const share = buffers.read / (buffers.hit + buffers.read);
  if (share * 100 <= limits['explain.read-share']) return undefined;
  return {
    verdict: verdictOf('explain.read-share'),
    label: `buffer hit ratio ${formatPercent(1 - share)}`,
    text: `only ${formatPercent(1 - share)} of ${formatCount(buffers.hit + buffers.read)} blocks were found in shared buffers`,
    advice:
      'Run it once more: if they are read again, it touches more than shared_buffers keeps; let it touch fewer blocks.',
  };
}

function compiling({ jitMs, executionMs }: PlanSummary, limits: Limits): Found | undefined {
  if (jitMs === null || executionMs === null || jitMs * 100 <= executionMs * limits['explain.jit']) {
    return undefined;
  }
  return {
    verdict: verdictOf('explain.jit'),
    label: `JIT takes ${formatPercent(jitMs / executionMs)}`,
    text: `compiling (JIT) took ${formatPercent(jitMs / executionMs)} of the time`,
    advice: 'Turn jit off for short statements, or raise jit_above_cost.',
  };
}

function longPlanning({ planningMs, executionMs }: PlanSummary, limits: Limits): Found | undefined {
  if (planningMs === null || executionMs === null) return undefined;
  if (planningMs <= executionMs || planningMs <= limits['explain.planning']) return undefined;
  return {
    verdict: verdictOf('explain.planning'),
    label: 'planning takes longer than running',
    text: `planning took ${planningMs.toFixed(1)} ms, running ${executionMs.toFixed(1)} ms`,
    advice: 'Prepare the statement once, join fewer tables and partitions, or drop unused indexes.',
  };
}

function hasFilter({ conditions }: PlanNode): boolean {
  return conditions.some(({ name }) => name === 'Filter');
}

function verdictOf(name: LimitName): LookVerdict {
  return limitTable[name].verdict;
}
