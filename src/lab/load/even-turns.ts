/**
 * Deals turns to several things so that each has its share by weight after any number of turns, to within one: the next
 * turn goes to the one that lags furthest behind its share.
 */
export class EvenTurns<T extends { weight: number }> {
  readonly #items: readonly { item: T; share: number }[];
  readonly #given: number[];
  #turn = 0;

  constructor(items: readonly T[]) {
    const total = items.reduce((sum, { weight }) => sum + weight, 0);
    this.#items = items.map((item) => ({ item, share: item.weight / total }));
    this.#given = items.map(() => 0);
  }

  /** Whose turn it is at this place (from 0); to be asked in ascending order. Undefined only where there is nothing. */
  at(place: number): T | undefined {
    let chosen = 0;
    for (; this.#turn <= place; this.#turn += 1) {
      chosen = this.#next();
      this.#given[chosen] = (this.#given[chosen] ?? 0) + 1;
    }
    return this.#items[chosen]?.item;
  }

  #next(): number {
    let furthest = 0;
    let mostLag = -Infinity;
    for (const [index, { share }] of this.#items.entries()) {
      const lag = share * (this.#turn + 1) - (this.#given[index] ?? 0);
      if (lag <= mostLag) continue;
      furthest = index;
      mostLag = lag;
    }
    return furthest;
  }
}
