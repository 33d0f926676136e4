import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { type ExplainAsked, ExplainLook } from '../lab/look/pg/explain.ts';
import { writePlanPage } from '../lab/plan/write-plan-page.ts';
import { parseWaitMs } from '../shared/duration.ts';
import { GaugewayError, messageOf } from '../shared/errors.ts';
import { addLookOptions, type LookFlags, limitsOf } from './look-options.ts';
import { wholeNumber } from './option-values.ts';
import { readPostgres } from './read-postgres.ts';
import { runLook } from './run-look.ts';
import { addSourceOptions, type SourceFlags } from './source-options.ts';

/** Which statements are explained, and how. */
interface ExplainFlags {
  sql?: string;
  file?: string;
  top?: number;
  timeout: number;
  analyzeWrites: boolean;
  html?: string;
}

const usualTimeoutMs = 10_000;
const mostStatements = 50;

/** `gaugeway pg explain`, below `pg`. */
export function registerPgExplain(pg: Command): void {
  const command = pg
    .command('explain')
    .description('the plan of a statement, node by node, with what is wrong in it and the index it lacks')
    .option('--sql <statement>', 'the statement, with constants in place of its parameters')
    .option('--file <file>', 'read the statement from a file; - for standard input')
    .addOption(
      new Option('--top <n>', 'the n statements of pg_stat_statements that took most time').argParser(
        parseTop,
      ),
    )
    .addOption(
      new Option('--timeout <time>', 'how long a statement may take; beyond it, it is only planned')
        .argParser(parseTimeout)
        .default(usualTimeoutMs, `${usualTimeoutMs / 1000}s`),
    )
    .option(
      '--analyze-writes',
      'run also what writes, and roll it back: locks are held until then, and sequences do not go back',
      false,
    )
    .option('--html <file>', 'write the plans as a page, too');
  addSourceOptions(command, ['postgres']);
  addLookOptions(command);
  command
    .addHelpText(
      'after',
      '\nA SELECT is run once, read-only and rolled back, when all that it can call is part of PostgreSQL and reads.' +
        '\nAnything else is only planned. A superuser, or a role that may write all or reach the files and programs of' +
        '\nthe server, runs no statement that other roles sent: use a role with pg_monitor and pg_read_all_data.',
    )
    .action(async (flags: SourceFlags & LookFlags & ExplainFlags) => {
      const asked = await readAsked(flags);
      const { shared, settings } = await readPostgres(flags);
      const look = new ExplainLook(shared, asked, {
        timeoutMs: flags.timeout,
        runWrites: flags.analyzeWrites,
      });
      const { html } = flags;
      await runLook(
        look,
        flags,
        limitsOf(flags, settings.limits),
        html === undefined ? undefined : (document) => writePlanPage(html, document),
      );
    });
}

/** Reads what the options name. Throws GaugewayError usage unless it is exactly one of the three. */
async function readAsked({ sql, file, top }: ExplainFlags): Promise<ExplainAsked> {
  const given = [sql, file, top].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new GaugewayError('usage', 'say what to explain with one of --sql, --file and --top');
  }
  if (top !== undefined) return { top };
  if (sql !== undefined) return { sql };
  if (file === '-') return { sql: await text(process.stdin) };
  try {
    return { sql: await readFile(file ?? '', 'utf8') };
  } catch (cause) {
    throw new GaugewayError('usage', `the statement cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function parseTop(value: string): number {
  const top = wholeNumber(value);
  if (top < 1 || top > mostStatements) {
    throw new GaugewayError('usage', `--top takes 1 to ${mostStatements} statements`);
  }
  return top;
}

function parseTimeout(value: string): number {
  const timeoutMs = parseWaitMs(value);
  if (timeoutMs < 1) throw new GaugewayError('usage', 'a statement needs at least 1ms');
  return timeoutMs;
}
