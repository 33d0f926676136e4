import type { LoadStatistics } from '../load-statistics.ts';
import { historyCsvHeader, historyCsvLines } from './locust-csv.ts';

/** Of text, in characters: an hour and more of a target with twenty tools. Older moments are dropped. */
const defaultMaxLength = 16 * 1024 * 1024;

/** Keeps Locust's file of history for downloads, one moment a second with every request name. */
export class HistoryCsv {
  readonly #maxLength: number;
  #moments: string[] = [];
  #length = 0;

  constructor(maxLength = defaultMaxLength) {
    this.#maxLength = maxLength;
  }

  add(statistics: LoadStatistics, atMs: number): void {
    const lines = historyCsvLines(statistics, atMs, true);
    this.#moments.push(lines);
    this.#length += lines.length;
    while (this.#length > this.#maxLength) this.#length -= this.#moments.shift()?.length ?? 0;
  }

  clear(): void {
    this.#moments = [];
    this.#length = 0;
  }

  get text(): string {
    return historyCsvHeader + this.#moments.join('');
  }
}
