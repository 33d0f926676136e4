import { appendFile } from 'node:fs/promises';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { writeAtomically } from '../timeline/write-atomically.ts';
import { LoadStatistics } from './load-statistics.ts';
import {
  exceptionsCsv,
  failuresCsv,
  historyCsvHeader,
  historyCsvLines,
  requestsCsv,
} from './web/locust-csv.ts';
import type { LocustException } from './web/locust-answers.ts';

/** How often the files that are replaced as a whole follow the load, so that a killed one leaves them behind. */
const replaceEveryMs = 5_000;

export interface CsvFilesOptions {
  /** Path and first part of every name. */
  prefix: string;
  /** The history tells of every request name, not only of all together. */
  fullHistory: boolean;
}

/** Locust's four files: `PREFIX_stats.csv`, `_stats_history.csv`, `_failures.csv` and `_exceptions.csv`. */
export class CsvFiles {
  readonly #options: CsvFilesOptions;
  #writing: Promise<void> = Promise.resolve();
  #replacedAtMs = 0;

  /** Begins all four. Throws GaugewayError usage when they cannot be written. */
  static async create(options: CsvFilesOptions): Promise<CsvFiles> {
    const files = new CsvFiles(options);
    try {
      await writeAtomically(files.#path('stats_history'), historyCsvHeader);
      await files.#replace(new LoadStatistics(), []);
    } catch (cause) {
      const reason = `the figures cannot be written to ${options.prefix}_stats.csv (${messageOf(cause)})`;
      throw new GaugewayError('usage', reason, { cause });
    }
    return files;
  }

  private constructor(options: CsvFilesOptions) {
    this.#options = options;
  }

  /** Adds a moment to the history. What cannot be written is told by `finish`. */
  add(statistics: LoadStatistics, atMs: number): void {
    const lines = historyCsvLines(statistics, atMs, this.#options.fullHistory);
    const replaces = atMs - this.#replacedAtMs >= replaceEveryMs;
    if (replaces) this.#replacedAtMs = atMs;
    this.#writing = this.#writing.then(async () => {
      await appendFile(this.#path('stats_history'), lines);
      if (replaces) await this.#replace(statistics, []);
    });
    // A failure waits for `finish`; until then it must not end the process.
    this.#writing.catch(() => undefined);
  }

  /** Writes the last figures; throws what could not be written. */
  async finish(statistics: LoadStatistics, exceptions: readonly LocustException[]): Promise<void> {
    await this.#writing;
    await this.#replace(statistics, exceptions);
  }

  async #replace(statistics: LoadStatistics, exceptions: readonly LocustException[]): Promise<void> {
    await writeAtomically(this.#path('stats'), requestsCsv(statistics));
    await writeAtomically(this.#path('failures'), failuresCsv(statistics));
    await writeAtomically(this.#path('exceptions'), exceptionsCsv(exceptions));
  }

  #path(name: string): string {
    return `${this.#options.prefix}_${name}.csv`;
  }
}
