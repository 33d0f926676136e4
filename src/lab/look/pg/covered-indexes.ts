import type { IndexState } from '../../collect/postgres/indexes.ts';

/** An index that another one of the same table makes needless. */
export interface CoveredIndex {
  index: IndexState;
  by: IndexState;
}

/**
 * B-tree indexes whose key columns are those with which another one begins, in the same order and for the same rows:
 * whatever the first is used for, the second serves. One that keeps values unique is needed, whatever covers it.
 */
export function coveredIndexes(indexes: readonly IndexState[]): CoveredIndex[] {
  const ofTables = Map.groupBy(
    indexes.filter(({ method, valid }) => method === 'btree' && valid),
    ({ schema, table }) => JSON.stringify([schema, table]),
  );
  const found: CoveredIndex[] = [];
  for (const siblings of ofTables.values()) {
    for (const index of siblings) {
      if (index.unique || index.constraint) continue;
      const by = siblings.find((other) => other !== index && covers(other, index) && wins(other, index));
      if (by !== undefined) found.push({ index, by });
    }
  }
  return found.map(({ index, by }) => ({ index, by: endOfChain(by, found) }));
}

/** The one that stays when all that are covered go. */
function endOfChain(index: IndexState, found: readonly CoveredIndex[]): IndexState {
  const next = found.find((each) => each.index === index)?.by;
  return next === undefined ? index : endOfChain(next, found);
}

function covers(wide: IndexState, narrow: IndexState): boolean {
  const expressions = [...narrow.keys].some((key) => key.startsWith('0 '));
  const columns = [...wide.included, ...wide.keys.map((key) => Number(key.split(' ')[0]))];
  return (
    narrow.predicate === wide.predicate &&
    narrow.keys.length <= wide.keys.length &&
    narrow.keys.every((key, at) => key === wide.keys[at]) &&
    narrow.included.every((column) => columns.includes(column)) &&
    (!expressions || narrow.expressions === wide.expressions)
  );
}

/** Of two that cover each other one stays: what a constraint needs, or else the one whose name sorts first. */
function wins(other: IndexState, index: IndexState): boolean {
  if (!covers(index, other)) return true;
  return other.unique || other.constraint || other.index < index.index;
}
