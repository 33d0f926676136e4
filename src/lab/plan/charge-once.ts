import type { ExplainNode } from './explain-json.ts';

/** 8 kB blocks: in shared memory, read from outside it, dirtied, and of temporary files. */
export interface PlanBuffers {
  hit: number;
  read: number;
  dirtied: number;
  tempRead: number;
  tempWritten: number;
}

/** What one node took: with all below it, and by itself. Milliseconds are of the clock on the wall. */
interface Charge {
  timeMs: number;
  selfMs: number;
  buffers: PlanBuffers | null;
}

interface Placed {
  node: ExplainNode;
  owner: Placed | undefined;
  timeMs: number;
  children: Placed[];
}

const bufferKeys = {
  hit: 'Shared Hit Blocks',
  read: 'Shared Read Blocks',
  dirtied: 'Shared Dirtied Blocks',
  tempRead: 'Temp Read Blocks',
  tempWritten: 'Temp Written Blocks',
} as const satisfies Record<keyof PlanBuffers, keyof ExplainNode>;

/**
 * Time and blocks of each node by itself: what it took less what those below it took. A plan that runs on the side
 * (an InitPlan, a CTE) is listed under one node but runs within the nodes that first ask for its result: it is taken
 * off those, once. Times of parallel processes, which run side by side, count once.
 */
export function chargeOnce(root: ExplainNode): Map<ExplainNode, Charge> {
  const placed: Placed[] = [];
  placeBelow(root, undefined, 1, placed);
  const own = new Map(
    placed.map(({ node, timeMs }): [ExplainNode, { selfMs: number; buffers: PlanBuffers | null }] => [
      node,
      { selfMs: timeMs, buffers: buffersOf(node) },
    ]),
  );
  const take = (from: readonly ExplainNode[], side: Placed): void => {
    const payers = from.flatMap((node) => own.get(node) ?? []);
    spread(
      side.timeMs,
      payers.map((payer) => payer.selfMs),
    ).forEach((part, index) => {
      const payer = payers[index];
      if (payer) payer.selfMs -= part;
    });
    const blocks = buffersOf(side.node);
    if (blocks === null) return;
    for (const key of bufferNames) {
      spread(
        blocks[key],
        payers.map((payer) => payer.buffers?.[key] ?? 0),
      ).forEach((part, index) => {
        const payer = payers[index];
        if (payer?.buffers) payer.buffers[key] -= part;
      });
    }
  };
  const sides = placed.filter(({ node }) => node['Parent Relationship'] === 'InitPlan');
  for (const child of placed) {
    if (child.owner !== undefined && !sides.includes(child)) take([child.owner.node], child);
  }
  const isCte = (side: Placed): boolean => side.node['Subplan Name']?.startsWith('CTE ') ?? false;
  for (const side of [...sides.filter((each) => !isCte(each)), ...sides.filter(isCte)]) {
    take(askersOf(side, placed), side);
  }
  return new Map(
    placed.map(({ node, timeMs }) => {
      const { selfMs = 0, buffers = null } = own.get(node) ?? {};
      return [
        node,
        { timeMs, selfMs: Math.max(0, selfMs), buffers: buffers === null ? null : rounded(buffers) },
      ];
    }),
  );
}

/** How many processes ran the plan below a Gather; undefined for other nodes, or where it was not run. */
export function participants(gather: ExplainNode): number | undefined {
  const below = gather.Plans?.find((child) => child['Parent Relationship'] !== 'InitPlan');
  const loops = below?.['Actual Loops'];
  const ownLoops = gather['Actual Loops'];
  if (gather['Workers Planned'] === undefined || !loops || !ownLoops) return undefined;
  return Math.max(1, loops / ownLoops);
}

function placeBelow(node: ExplainNode, owner: Placed | undefined, processes: number, into: Placed[]): Placed {
  const timeMs = ((node['Actual Total Time'] ?? 0) * (node['Actual Loops'] ?? 1)) / processes;
  const placed: Placed = { node, owner, timeMs, children: [] };
  into.push(placed);
  const within = processes * (participants(node) ?? 1);
  for (const child of node.Plans ?? []) {
    const sideBySide = child['Parent Relationship'] === 'InitPlan' ? processes : within;
    placed.children.push(placeBelow(child, placed, sideBySide, into));
  }
  return placed;
}

/** The nodes within which a plan on the side ran: those that read the CTE, or name its result deepest; else its owner. */
function askersOf(side: Placed, placed: readonly Placed[]): ExplainNode[] {
  const name = side.node['Subplan Name'] ?? '';
  const owner = side.owner === undefined ? [] : [side.owner.node];
  if (name.startsWith('CTE ')) {
    const readers = placed.filter(({ node }) => node['CTE Name'] === name.slice(4)).map(({ node }) => node);
    return readers.length > 0 ? readers : owner;
  }
  const result = /returns (\$\d+)/.exec(name)?.[1] ?? `(${name}).`;
  const naming = placed.filter(
    (each) => each !== side && !isBelow(each, side) && isBelow(each, side.owner) && names(each.node, result),
  );
  const last = naming.at(-1) ?? side.owner;
  return last === undefined ? [] : [last.node];
}

function isBelow(node: Placed, top: Placed | undefined): boolean {
  for (let at: Placed | undefined = node; at !== undefined; at = at.owner) if (at === top) return true;
  return false;
}

function names(node: ExplainNode, result: string): boolean {
  return Object.entries(node).some(
    ([key, value]) =>
      key !== 'Plans' &&
      key !== 'Subplan Name' &&
      (Array.isArray(value) ? value : [value]).some(
        (text) => typeof text === 'string' && mentions(text, result),
      ),
  );
}

function mentions(text: string, result: string): boolean {
  const at = text.indexOf(result);
  return at !== -1 && !/\d/.test(text.charAt(at + result.length));
}

/** Divides an amount among those who have, in proportion, none more than it has; what is left over falls away. */
function spread(amount: number, have: readonly number[]): number[] {
  const all = have.reduce((total, each) => total + Math.max(0, each), 0);
  if (all <= 0) return have.map(() => 0);
  return have.map((each) => Math.min(Math.max(0, each), (amount * Math.max(0, each)) / all));
}

const bufferNames = ['hit', 'read', 'dirtied', 'tempRead', 'tempWritten'] as const;

function buffersOf(node: ExplainNode): PlanBuffers | null {
  if (node['Shared Hit Blocks'] === undefined) return null;
  const blocks = (name: keyof PlanBuffers): number => node[bufferKeys[name]] ?? 0;
  return {
    hit: blocks('hit'),
    read: blocks('read'),
    dirtied: blocks('dirtied'),
    tempRead: blocks('tempRead'),
    tempWritten: blocks('tempWritten'),
  };
}

function rounded(buffers: PlanBuffers): PlanBuffers {
  const result = { ...buffers };
  for (const name of bufferNames) result[name] = Math.max(0, Math.round(result[name]));
  return result;
}
