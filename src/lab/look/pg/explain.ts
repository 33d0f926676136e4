import { DatabaseError } from 'pg';
import { nowMs } from '../../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import { explainStatement, type TakenPlan } from '../../collect/postgres/explain-statement.ts';
import { maskStatement } from '../../collect/postgres/mask-statement.ts';
import { parseStatement } from '../../collect/postgres/parse-statement.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import {
  longestText,
  statementsOfOthers,
  statementsSchema,
  topStatements,
} from '../../collect/postgres/statements.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import { nodesOf } from '../../plan/plan-tree.ts';
import { formatCount } from '../../plan/plan-figures.ts';
import { type PlanReading, readPlan } from '../../plan/read-plan.ts';
import { planLines } from '../../plan/render-plan.ts';
import { wrapText } from '../../report/wrap-text.ts';
import type { PlanDocument } from '../../timeline/events.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type Look, type LookDocument, type Remark, worstVerdict } from '../look.ts';

/** What to explain: one statement, or those of pg_stat_statements that took most time. */
export type ExplainAsked = { sql: string } | { top: number };

export interface ExplainedStatement extends PlanDocument {
  /** Why it was only planned; null when it was run. */
  whyPlanned: string | null;
  /** Whether it was run although it may write, and undone. */
  undone: boolean;
  reading: PlanReading;
}

/** `gaugeway pg explain --json`. */
export interface ExplainDocument extends LookDocument {
  /** Text of the server's version, e.g. `18.4`. */
  serverVersion: string;
  statements: ExplainedStatement[];
}

interface Reading {
  serverVersion: number;
  plans: TakenPlan[];
  notes: string[];
}

/** The plans of statements, run where that is safe, with what is to be seen in them. */
export class ExplainLook implements Look<Reading, ExplainDocument> {
  readonly needsWindow = false;
  readonly #shared: SharedConnection<PostgresTarget>;
  readonly #asked: ExplainAsked;
  readonly #options: { timeoutMs: number; runWrites: boolean };

  constructor(
    shared: SharedConnection<PostgresTarget>,
    asked: ExplainAsked,
    options: { timeoutMs: number; runWrites: boolean },
  ) {
    this.#shared = shared;
    this.#asked = asked;
    this.#options = options;
  }

  async read(signal: AbortSignal): Promise<Reading> {
    if ('sql' in this.#asked) await parseStatement(this.#asked.sql);
    const postgres = await this.#shared.open(this, signal);
    return postgres.stoppedBy(signal, () => this.#take(postgres));
  }

  async #take(postgres: PostgresTarget): Promise<Reading> {
    const { serverVersion } = postgres;
    if ('sql' in this.#asked) {
      const statement = { queryId: null, text: this.#asked.sql, calls: 0, meanMs: 0, own: true };
      return {
        serverVersion,
        plans: [await explainStatement(postgres, statement, this.#options)],
        notes: [],
      };
    }
    return { serverVersion, ...(await this.#takeTop(postgres, this.#asked.top)) };
  }

  async #takeTop(postgres: PostgresTarget, top: number): Promise<Pick<Reading, 'plans' | 'notes'>> {
    const schema = await statementsSchema(postgres);
    const query = topStatements(schema, mostCompared, longestText);
    const others = statementsOfOthers(schema);
    const answers = await postgres.read(query, others);
    const ofOthers = new Set(answers.of(others));
    const plans: TakenPlan[] = [];
    const notes: string[] = [];
    for (const { queryId, query: text, calls, totalMs } of answers.of(query)) {
      if (plans.length === top) break;
      if (text.length >= longestText) {
        notes.push(`the plan of "${firstWords(text)}": its text is too long`);
        continue;
      }
      if (!(await hasPlan(text))) continue;
      const own = !ofOthers.has(queryId);
      const statement = { queryId, text, calls, meanMs: calls === 0 ? 0 : totalMs / calls, own };
      try {
        plans.push(await explainStatement(postgres, statement, this.#options));
      } catch (error) {
        // One statement that has no plan does not hide the others.
        if (!isRefusal(error)) throw error;
        const isMistake = error.cause !== undefined && error.code === 'usage';
        const hint = isMistake ? '; give it with constants, by --sql' : '';
        notes.push(`the plan of "${firstWords(text)}": ${messageOf(error)}${hint}`);
      }
    }
    const more = notes.length - mostNotes;
    return {
      plans,
      notes: [...notes.slice(0, mostNotes), ...(more > 0 ? [`the plans of ${more} more statements`] : [])],
    };
  }

  judge(after: Reading, _before: unknown, limits: Limits): ExplainDocument {
    const statements = after.plans.map(({ document, whyPlanned, undone }): ExplainedStatement => ({
      ...document,
      whyPlanned,
      undone,
      reading: readPlan(document, limits),
    }));
    const remarks = statements.flatMap((statement, index) =>
      remarksOf(statement, statements.length > 1 ? `${index + 1}. ` : ''),
    );
    return {
      command: 'pg explain',
      atMs: nowMs(),
      windowMs: null,
      verdict: worstVerdict(remarks.map(({ verdict }) => verdict)),
      remarks,
      notes: after.notes,
      serverVersion: `${Math.floor(after.serverVersion / 10_000)}.${after.serverVersion % 10_000}`,
      statements,
    };
  }

  tables({ statements }: ExplainDocument): LookTable[] {
    const isList = 'top' in this.#asked;
    const numbered = statements.map((statement, index) => ({ ...statement, number: index + 1 }));
    const list = lookTable({
      rows: numbered,
      name: { title: 'statement', value: ({ number, sql }) => `${number}. ${sql.replaceAll(/\s+/g, ' ')}` },
      columns: [
        { title: 'calls', value: ({ calls }) => formatCount(calls), expendable: 0 },
        { title: 'mean ms', value: ({ meanMs }) => meanMs.toFixed(2), expendable: 0 },
        {
          title: 'total s',
          value: ({ calls, meanMs }) => ((calls * meanMs) / 1000).toFixed(1),
          expendable: 1,
        },
        {
          title: 'taken',
          value: ({ mode }) => (mode === 'analyze' ? 'run' : 'planned'),
          expendable: 2,
          align: 'left',
        },
      ],
      verdict: ({ reading }) => reading.verdict,
      empty: 'pg_stat_statements holds no statement that has a plan.',
    });
    const trees = numbered.map((statement): LookTable => ({
      title: isList ? `${statement.number}. ${firstWords(statement.sql)}` : '',
      render: (layout) => [
        ...wrapText(howTaken(statement), layout.columns),
        ...planLines(statement.reading, layout),
      ],
    }));
    return isList ? [list, ...trees] : trees;
  }

  async close(): Promise<void> {
    await this.#shared.close(this);
  }
}

/** Statements to choose among: some of them have no plan, or a text that was cut off. */
const mostCompared = 200;

/** Statements without a plan that are named. */
const mostNotes = 5;

/** What concerns this statement alone: a mistake, a risk, or a table that the role may not use so. */
function isRefusal(error: unknown): error is GaugewayError {
  if (!(error instanceof GaugewayError)) return false;
  return error.code === 'usage' || (error.cause instanceof DatabaseError && error.cause.code === '42501');
}

async function hasPlan(text: string): Promise<boolean> {
  try {
    await parseStatement(text);
    return true;
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'usage') return false;
    throw error;
  }
}

function remarksOf({ reading }: ExplainedStatement, number: string): Remark[] {
  const names = new Map(nodesOf(reading.root).map(({ node }) => [node.id, node.name]));
  return reading.remarks
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ node, verdict, text, advice }): Remark => {
      const place = node === null ? '' : `${names.get(node) ?? ''}: `;
      return { verdict, text: `${number}${place}${text}`, ...(advice === undefined ? {} : { advice }) };
    });
}

function howTaken({ mode, whyPlanned, undone }: ExplainedStatement): string {
  if (mode === 'generic') {
    return `Only planned, all figures are estimates: ${whyPlanned ?? 'it was not run'}.`;
  }
  const ofAll = 'Rows, times and blocks are of all loops and processes together.';
  return undone
    ? `Run once and rolled back, but for the sequences that it advanced and what it did outside this database. ${ofAll}`
    : `Run once, read-only. ${ofAll}`;
}

function firstWords(sql: string): string {
  const line = maskStatement(sql).replaceAll(/\s+/g, ' ').trim();
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}
