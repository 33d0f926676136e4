import type { Random } from './random.ts';

/** Draws one of several things by their weights. */
export class WeightedDraw<T extends { weight: number }> {
  readonly #items: readonly T[];
  readonly #cumulative: number[] = [];
  readonly #total: number;

  constructor(items: readonly T[]) {
    this.#items = items;
    let sum = 0;
    for (const { weight } of items) this.#cumulative.push((sum += weight));
    this.#total = sum;
  }

  /** Undefined only when there is nothing to draw from. */
  draw(random: Random): T | undefined {
    const target = random() * this.#total;
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulative[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return this.#items[low];
  }
}
