import { busyOf } from '../profile/busy-of.ts';
import { frameKind } from '../profile/frame-kind.ts';
import { frameWeights } from '../profile/frame-weights.ts';
import type { Frame, Profile } from '../profile/profile.ts';

/** One function over one or several windows. Shares are of one core in the last window; times are of all windows. */
export interface FunctionRow {
  frame: Frame;
  /** 0..1 for one thread; its own code, without what it called. */
  ownShare: number;
  /** With what it called; recursion counts once. */
  totalShare: number;
  ownMs: number;
  totalMs: number;
}

/** What the functions of one thread took, window after window. What waits is no work, and is left out. */
export class FunctionTally {
  readonly #rows = new Map<string, FunctionRow>();

  /** Adds the window of one thread that follows the last one. */
  add(profile: Profile): void {
    // The last sample may weigh more than what was left of the window. Of processes laid over each other, the waiting
    // of each would add up to many windows.
    this.addLasting(profile, Math.max(busyOf(profile) / 1000, profile.endMs - profile.startMs));
  }

  /** Adds what several threads did at once within `windowMs`: their shares of one core may exceed 1. */
  addLasting(profile: Profile, windowMs: number): void {
    this.rest();
    const { self, total } = frameWeights(profile);
    const lastedMs = Math.max(1, windowMs);
    for (const [at, frame] of profile.frames.entries()) {
      const totalMs = (total[at] ?? 0) / 1000;
      if (totalMs === 0 || frameKind(frame) === 'waiting') continue;
      const ownMs = (self[at] ?? 0) / 1000;
      addTo(this.#rows, {
        frame,
        ownShare: ownMs / lastedMs,
        totalShare: totalMs / lastedMs,
        ownMs,
        totalMs,
      });
    }
  }

  /** A window in which the thread was not seen to run. */
  rest(): void {
    for (const row of this.#rows.values()) {
      row.ownShare = 0;
      row.totalShare = 0;
    }
  }

  /** How much of the last window was spent in functions, 0..1. */
  get share(): number {
    return this.rows().reduce((sum, { ownShare }) => sum + ownShare, 0);
  }

  rows(): FunctionRow[] {
    return [...this.#rows.values()];
  }

  copy(): FunctionTally {
    const copied = new FunctionTally();
    for (const row of this.#rows.values()) addTo(copied.#rows, row);
    return copied;
  }

  reset(): void {
    this.#rows.clear();
  }
}

/** The rows of several threads or processes, added up by function: shares of several cores may exceed 1. */
export function mergedRows(tallies: readonly FunctionTally[]): FunctionRow[] {
  const merged = new Map<string, FunctionRow>();
  for (const tally of tallies) for (const row of tally.rows()) addTo(merged, row);
  return [...merged.values()];
}

export const topOrders = ['own', 'total', 'own-time', 'total-time'] as const;
export type TopOrder = (typeof topOrders)[number];

const orderKeys = {
  own: 'ownShare',
  total: 'totalShare',
  'own-time': 'ownMs',
  'total-time': 'totalMs',
} as const satisfies Record<TopOrder, keyof FunctionRow>;

/** The highest first; where they are the same, the one that took more time of its own. */
export function sortedRows(rows: readonly FunctionRow[], order: TopOrder): FunctionRow[] {
  const key = orderKeys[order];
  return rows.toSorted(
    (a, b) =>
      b[key] - a[key] ||
      b.ownMs - a.ownMs ||
      b.totalMs - a.totalMs ||
      (functionKey(a.frame) < functionKey(b.frame) ? -1 : 1),
  );
}

function addTo(rows: Map<string, FunctionRow>, more: FunctionRow): void {
  const key = functionKey(more.frame);
  const row = rows.get(key);
  if (row === undefined) {
    rows.set(key, { ...more });
    return;
  }
  row.ownShare += more.ownShare;
  row.totalShare += more.totalShare;
  row.ownMs += more.ownMs;
  row.totalMs += more.totalMs;
}

function functionKey({ name, file, line }: Frame): string {
  return `${name}\n${file}\n${line}`;
}
