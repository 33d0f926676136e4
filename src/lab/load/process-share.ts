/**
 * Which of the generator's processes this is. Users and arrivals are dealt to the processes in turn, like cards, so
 * that all of them together are exactly what one process would have been.
 */
export interface ProcessShare {
  /** From 0. */
  index: number;
  processes: number;
}

/** How many of the first `total` things fall to this process. */
export function ownCount(total: number, { index, processes }: ProcessShare): number {
  return Math.max(0, Math.ceil((total - index) / processes));
}

/** The place among all things, from 0, of the one with this index in this process. */
export function placeAmongAll(ownIndex: number, { index, processes }: ProcessShare): number {
  return ownIndex * processes + index;
}
