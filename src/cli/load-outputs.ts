import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { CsvFiles } from '../lab/load/csv-files.ts';
import type { LoadPlan, LoadPlanSummary } from '../lab/load/load-plan.ts';
import type { LoadStatistics } from '../lab/load/load-statistics.ts';
import { generatorState } from '../lab/load/web/generator-state.ts';
import { LoadRecording } from '../lab/load/web/load-recording.ts';
import { writeLoadReport } from '../lab/load/web/load-report.ts';
import { ExceptionList } from '../lab/load/web/exception-list.ts';
import { toLocustStats } from '../lab/load/web/locust-stats.ts';
import { settingsText } from '../lab/load/web/settings-text.ts';
import { readConsolePage } from '../lab/console-page.ts';
import type { LoadSample } from '../lab/timeline/samples.ts';
import { writeAtomically } from '../lab/timeline/write-atomically.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';

export interface LoadOutputFlags {
  csv?: string;
  csvFullHistory: boolean;
  html?: string;
  onlySummary: boolean;
}

/** The options of a load without a page, by the names that Locust gives them. */
export function addLoadOutputOptions(command: Command): Command {
  return command
    .option('--csv <prefix>', 'write PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv')
    .option(
      '--csv-full-history',
      'tell of every request name in the history, not only of all together',
      false,
    )
    .option('--html <file>', 'write a report with tables and charts, one self-contained page')
    .option('--only-summary', 'print the figures at the end only', false);
}

/** Throws GaugewayError usage when the page, which has downloads, is asked to write files. */
export function refuseOutputsOfPage(flags: LoadOutputFlags & { json: boolean }): void {
  const outputs = {
    '--csv': flags.csv !== undefined,
    '--csv-full-history': flags.csvFullHistory,
    '--html': flags.html !== undefined,
    '--json': flags.json,
    '--only-summary': flags.onlySummary,
  };
  const given = Object.entries(outputs).find(([, isGiven]) => isGiven)?.[0];
  if (given !== undefined) {
    throw new GaugewayError('usage', `${given} is for a load without --ui: the page has its own downloads`);
  }
}

/** Keeps what a load in the terminal shows, and writes it to the files that were asked for. */
export class LoadOutputs {
  readonly #flags: LoadOutputFlags;
  readonly #recording = new LoadRecording();
  readonly #csv: CsvFiles | undefined;
  readonly exceptions = new ExceptionList();

  /** Throws GaugewayError when a file could not be written, before any load begins. */
  static async open(flags: LoadOutputFlags): Promise<LoadOutputs> {
    if (flags.csvFullHistory && flags.csv === undefined) {
      throw new GaugewayError('usage', '--csv-full-history needs --csv');
    }
    if (flags.html !== undefined) {
      // Throws where the page was not built.
      await readConsolePage('load');
      await access(dirname(flags.html), constants.W_OK).catch((cause: unknown) => {
        const reason = `the report cannot be written to ${flags.html} (${messageOf(cause)})`;
        throw new GaugewayError('usage', reason, { cause });
      });
    }
    const { csv: prefix, csvFullHistory: fullHistory } = flags;
    const csv = prefix === undefined ? undefined : await CsvFiles.create({ prefix, fullHistory });
    return new LoadOutputs(flags, csv);
  }

  private constructor(flags: LoadOutputFlags, csv: CsvFiles | undefined) {
    this.#flags = flags;
    this.#csv = csv;
  }

  get statistics(): LoadStatistics {
    return this.#recording.statistics;
  }

  add(sample: LoadSample, atMs: number): void {
    this.#recording.add(sample, atMs);
    this.#csv?.add(this.statistics, atMs);
  }

  set plan(summary: LoadPlanSummary) {
    this.#recording.plan = summary;
  }

  /** Writes the files; `error` is what ended the load by itself. */
  async finish(plan: LoadPlan, error?: unknown): Promise<void> {
    if (error !== undefined) this.exceptions.addError(error);
    const exceptions = this.exceptions.list;
    await this.#csv?.finish(this.statistics, exceptions);
    if (this.#flags.html === undefined) return;
    const stats = {
      ...toLocustStats(this.statistics, 'stopped'),
      gaugeway: {
        ...this.#recording.figures(),
        testNumber: 1,
        testId: '1',
        runTime: '',
        endsAtMs: null,
        settings: settingsText(plan),
        generators: [...this.#recording.generators].map(([pid, recent]) =>
          generatorState(pid, 'stopped', recent),
        ),
        host: plan.targetUrl,
        users: plan.users,
        spawnRate: plan.spawnRate,
        chosenScenarios: plan.scenarios.map(({ scenario }) => scenario.name),
        scenarios: plan.scenarios.map(({ scenario: { name, description = '' } }) => ({ name, description })),
        error: error === undefined ? null : messageOf(error),
        exceptions,
      },
    };
    await writeAtomically(
      this.#flags.html,
      await writeLoadReport(stats, { downloadPath: null, theme: null }),
    );
  }
}
