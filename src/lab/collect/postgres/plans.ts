import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { CollectorSink } from '../collector.ts';
import { type SentQuery, choosePlans } from './choose-plans.ts';
import { explainStatement } from './explain-statement.ts';
import { maskStatement } from './mask-statement.ts';
import type { PostgresTarget } from './postgres-target.ts';
import {
  longestText,
  type StatementCounters,
  statementsOfOthers,
  statementsSchema,
  topStatements,
} from './statements.ts';

/** Statements to compare over a run; more than this are not told apart. */
const comparedStatements = 500;
/** For a statement that is run or planned, and for each that asks the catalogue about it. */
const timeoutMs = 5000;
/** Literal texts that are remembered. */
const maxTexts = 500;

/**
 * Takes the plans of the statements that cost most in a run. A plain SELECT whose text was seen with its constants
 * is really run once, read-only, rolled back and bounded in time; any other is only planned. See
 * {@link explainStatement} for what is not run although it reads, and what is not planned.
 */
export class PlanTaker {
  readonly #texts = new Map<string, SentQuery>();
  #before: StatementCounters[] = [];

  /** Remembers the counters from which the run's share is computed. */
  async begin(postgres: PostgresTarget): Promise<void> {
    this.#before = (await readStatements(postgres)).statements;
  }

  /** Remembers queries as they were sent, the last text of each. */
  saw(queries: { queryId: string | null; query: string; active: number; own: boolean }[]): void {
    for (const { queryId, query, active, own } of queries) {
      const key = queryId ?? maskStatement(query);
      const known = this.#texts.get(key);
      if (!known && this.#texts.size >= maxTexts) continue;
      this.#texts.set(key, {
        queryId,
        query,
        seen: (known?.seen ?? 0) + 1 + active,
        own: own && (known?.own ?? true),
      });
    }
  }

  async take(
    postgres: PostgresTarget,
    scannedTables: string[],
    sink: CollectorSink,
    target: string,
  ): Promise<void> {
    const { statements, ofOthers } = await readStatements(postgres);
    const chosen = choosePlans({
      before: this.#before,
      after: statements,
      ofOthers,
      sent: [...this.#texts.values()],
      scannedTables,
    });
    for (const statement of chosen) {
      try {
        const { document } = await explainStatement(postgres, statement, { timeoutMs, runWrites: false });
        await sink.plan(document);
      } catch (error) {
        const name = maskStatement(statement.text).slice(0, 80);
        sink.gap(
          'postgres',
          target,
          new GaugewayError('source_unreadable', `no plan of "${name}": ${messageOf(error)}`, {
            cause: error,
          }),
        );
      }
    }
  }
}

/** None where pg_stat_statements is missing: plans are then taken for what was seen running. */
async function readStatements(
  postgres: PostgresTarget,
): Promise<{ statements: StatementCounters[]; ofOthers: ReadonlySet<string> }> {
  try {
    const schema = await statementsSchema(postgres);
    const all = topStatements(schema, comparedStatements, longestText);
    const others = statementsOfOthers(schema);
    const answers = await postgres.read(all, others);
    const statements = answers.of(all).filter(({ query }) => query.length < longestText);
    return { statements, ofOthers: new Set(answers.of(others)) };
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'usage') {
      return { statements: [], ofOthers: new Set() };
    }
    throw error;
  }
}
