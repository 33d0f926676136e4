import type { Command } from 'commander';
import { postgresTargetName } from '../lab/collect/postgres/postgres-target.ts';
import { resetStatistics } from '../lab/collect/postgres/reset-statistics.ts';
import { ageWords } from '../lab/look/quantity.ts';
import { wrapText } from '../lab/report/wrap-text.ts';
import { nowMs } from '../shared/clock.ts';
import { GaugewayError } from '../shared/errors.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { addSourceOptions, missingSource, readSources, type SourceFlags } from './source-options.ts';

interface ResetFlags extends SourceFlags {
  yes: boolean;
  statements: boolean;
  json: boolean;
}

const destroys =
  'sets the counters of tables, indexes and the database to zero for everybody, also those by which autovacuum knows ' +
  'what to do; pg tables and pg statements show what happens in a time without it';

/** `gaugeway pg reset`: the one command that changes what it looks at, so that it must be told twice. */
export function registerPgReset(pg: Command): void {
  const command = pg
    .command('reset')
    .summary('set the statistics of a database to zero, which destroys those of others')
    .description(`This ${destroys}.`);
  addSourceOptions(command, ['postgres']);
  command
    .option('--yes', 'really do it', false)
    .option('--statements', "reset this database's pg_stat_statements too", false)
    .option('--json', 'print a document', false)
    .action(async (flags: ResetFlags) => {
      const { sources } = await readSources(flags, { processes: false });
      const dsn = sources.postgresDsn;
      if (dsn === undefined) throw missingSource('PostgreSQL', '--pg');
      const target = postgresTargetName(dsn);
      if (!flags.yes) throw new GaugewayError('usage', `pg reset ${destroys}. Add --yes to reset ${target}`);
      await reset(dsn, target, flags);
    });
}

async function reset(dsn: string, target: string, { statements, json }: ResetFlags): Promise<void> {
  const interrupt = interruptSignal(() => undefined);
  try {
    const last = await resetStatistics(dsn, { statements }, interrupt.signal);
    const atMs = nowMs();
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ command: 'pg reset', atMs, target, lastReset: last }, undefined, 2)}\n`,
      );
      return;
    }
    const lines = [
      `The statistics of ${target} are reset; ${ago('they', last.database, atMs)}.`,
      ...(last.statements === undefined
        ? []
        : [`Those of its statements too; ${ago('pg_stat_statements', last.statements, atMs)}.`]),
      'Run ANALYZE, so that autovacuum knows again how many rows there are.',
    ];
    const columns = process.stdout.isTTY ? process.stdout.columns : 80;
    process.stdout.write(`${lines.flatMap((line) => wrapText(line, columns, '  ')).join('\n')}\n`);
  } finally {
    interrupt.release();
  }
}

function ago(what: string, resetMs: number | null, atMs: number): string {
  if (resetMs === null) return `${what} had never been reset before`;
  const when = new Date(resetMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return `${what} had been reset at ${when}, ${ageWords(Math.max(0, (atMs - resetMs) / 1000))} ago`;
}
