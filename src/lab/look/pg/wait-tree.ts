import type { LockParticipant } from '../../collect/postgres/lock-waits.ts';

/** A process in the tree of who waits for whom: below the one that it waits for. */
export interface WaitNode extends LockParticipant {
  /** 0 for one that waits for nobody. */
  depth: number;
  /** All that are below it. */
  holdsUp: number;
  /** How long the longest of those has waited; 0 where nobody waits. */
  longestWaitS: number;
}

/** What holds a lock without being a process: a transaction that was prepared for a two-phase commit. */
const preparedTransaction: LockParticipant = {
  pid: 0,
  state: 'prepared transaction',
  applicationName: '',
  user: '',
  clientAddress: null,
  clientPort: null,
  stateAgeS: 0,
  transactionAgeS: 0,
  query: '',
  wait: null,
};

/**
 * Those that wait below those that they wait for, depth first; the root that holds up most comes first. Who waits for
 * several is shown once: below one that waits for nobody itself, if there is one, as a queue of waiters is no chain. In
 * a deadlock that PostgreSQL has not broken yet nobody is a root: then the one that waited longest is.
 */
export function waitTree(participants: readonly LockParticipant[]): WaitNode[] {
  const all = new Map(participants.map((each) => [each.pid, each]));
  if (participants.some(({ wait }) => wait?.blockers.includes(0))) all.set(0, preparedTransaction);
  const below = new Map<number, LockParticipant[]>();
  const roots: LockParticipant[] = [];
  for (const each of all.values()) {
    const blockers = (each.wait?.blockers ?? []).filter((pid) => all.has(pid));
    const parent = blockers.find((pid) => all.get(pid)?.wait === null) ?? blockers[0];
    if (parent === undefined) roots.push(each);
    else below.set(parent, [...(below.get(parent) ?? []), each]);
  }
  const seen = new Set<number>();
  const branchOf = (top: LockParticipant, depth: number): WaitNode[] => {
    seen.add(top.pid);
    const waiting = (below.get(top.pid) ?? []).toSorted(longestWaitFirst);
    const under = waiting.flatMap((each) => (seen.has(each.pid) ? [] : branchOf(each, depth + 1)));
    const longestWaitS = Math.max(0, ...under.map(({ wait }) => wait?.waitS ?? 0));
    return [{ ...top, depth, holdsUp: under.length, longestWaitS }, ...under];
  };
  const branches = roots.map((root) => branchOf(root, 0));
  for (const each of [...all.values()].toSorted(longestWaitFirst)) {
    if (!seen.has(each.pid)) branches.push(branchOf(each, 0));
  }
  return branches.toSorted((a, b) => b.length - a.length).flat();
}

function longestWaitFirst(a: LockParticipant, b: LockParticipant): number {
  return (b.wait?.waitS ?? 0) - (a.wait?.waitS ?? 0);
}
