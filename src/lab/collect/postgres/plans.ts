import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { PlanDocument } from '../../timeline/events.ts';
import type { CollectorSink } from '../collector.ts';
import { type SentQuery, choosePlans, type PlannedStatement } from './choose-plans.ts';
import { codeOf, maskStatement } from './mask-statement.ts';
import type { PostgresTarget } from './postgres-target.ts';
import { keptShare, sequentialScans } from './sequential-scans.ts';
import { since } from './server-versions.ts';
import { type StatementCounters, statementsSchema, topStatements } from './statements.ts';

type Send = (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** Statements to compare over a run; more than this are not told apart. */
const comparedStatements = 500;
/** Literal texts that are remembered. */
const maxTexts = 500;

const explained = z.tuple([
  z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: z.record(z.string(), z.unknown()) })]) }),
]);

/**
 * Takes the plans of the statements that cost most in a run. A plain SELECT whose text was seen with its constants
 * is really run once, read-only, rolled back and bounded in time; any other is only planned. Nothing is run that
 * writes, or that calls a volatile function: such a call can act although the transaction is read-only.
 */
export class PlanTaker {
  readonly #texts = new Map<string, SentQuery>();
  #before: StatementCounters[] = [];

  /** Remembers the counters from which the run's share is computed. */
  async begin(postgres: PostgresTarget): Promise<void> {
    this.#before = await readStatements(postgres);
  }

  /** Remembers queries as they were sent, the last text of each. */
  saw(queries: { queryId: string | null; query: string; active: number }[]): void {
    for (const { queryId, query, active } of queries) {
      const key = queryId ?? maskStatement(query);
      const known = this.#texts.get(key);
      if (!known && this.#texts.size >= maxTexts) continue;
      this.#texts.set(key, { queryId, query, seen: (known?.seen ?? 0) + 1 + active });
    }
  }

  async take(
    postgres: PostgresTarget,
    scannedTables: string[],
    sink: CollectorSink,
    target: string,
  ): Promise<void> {
    const chosen = choosePlans({
      before: this.#before,
      after: await readStatements(postgres),
      sent: [...this.#texts.values()],
      scannedTables,
    });
    for (const statement of chosen) {
      try {
        const document = await planOf(postgres, statement);
        if (document) await sink.plan(document);
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
async function readStatements(postgres: PostgresTarget): Promise<StatementCounters[]> {
  try {
    const all = topStatements(await statementsSchema(postgres), comparedStatements);
    return (await postgres.read(all)).of(all);
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'usage') return [];
    throw error;
  }
}

async function planOf(
  postgres: PostgresTarget,
  statement: PlannedStatement,
): Promise<PlanDocument | undefined> {
  const literal = !/\$\d/.test(codeOf(statement.text));
  if (literal) {
    const analysed = await postgres.inReadOnlyTransaction(async (send) => {
      if (await callsVolatile(send, statement.text)) return undefined;
      return explain(send, statement, 'analyze');
    });
    return analysed ?? postgres.inReadOnlyTransaction((send) => explain(send, statement, 'generic'));
  }
  if (postgres.serverVersion < since.genericPlan) return undefined;
  return postgres.inReadOnlyTransaction((send) => explain(send, statement, 'generic'));
}

/** Whether anything that is called in the text may do more than read, by the catalogue. */
async function callsVolatile(send: Send, text: string): Promise<boolean> {
  const called = [...codeOf(text).matchAll(/("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\(/gu)].map(
    ([, name = '']) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()),
  );
  const rows = await send(
    "select exists (select from pg_proc where proname = any($1::text[]) and provolatile = 'v') as volatile",
    [called],
  );
  return rows[0]?.['volatile'] !== false;
}

async function explain(
  send: Send,
  statement: PlannedStatement,
  mode: PlanDocument['mode'],
): Promise<PlanDocument> {
  const parameters = /\$\d/.test(codeOf(statement.text));
  const options = [
    ...(mode === 'analyze' ? ['analyze', 'buffers'] : []),
    ...(parameters ? ['generic_plan'] : []),
    'settings',
    'verbose',
    'format json',
  ];
  const text = `explain (${options.join(', ')}) ${statement.text}`;
  // A parameter without a value is only understood as part of a simple query.
  const [row] = explained.parse(parameters ? await send(text) : await send(text, []));
  const plan = row['QUERY PLAN'][0].Plan;
  const scans: PlanDocument['sequentialScans'] = [];
  for (const scan of sequentialScans(plan)) {
    const { schema, table } = scan;
    const liveRows = await liveRowsOf(send, schema, table);
    scans.push({ schema, table, liveRows, keptShare: keptShare(scan, liveRows) });
  }
  return {
    queryId:
      statement.queryId ??
      createHash('sha256').update(maskStatement(statement.text)).digest('hex').slice(0, 16),
    sql: maskStatement(statement.text),
    mode,
    calls: statement.calls,
    meanMs: statement.meanMs,
    plan: maskedNode(plan),
    sequentialScans: scans,
  };
}

/** As the planner counts them; before the first ANALYZE, as the statistics do. */
async function liveRowsOf(send: Send, schema: string, table: string): Promise<number> {
  const rows = await send(
    `select (case when reltuples > 0 then reltuples else pg_stat_get_live_tuples(oid) end)::float8 as rows
      from pg_class where oid = to_regclass(format('%I.%I', $1::text, $2::text))`,
    [schema, table],
  );
  return z.object({ rows: z.number() }).parse(rows[0]).rows;
}

/** Conditions in a plan repeat the constants of the statement. */
function maskedNode(node: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, masked(value)]));
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskStatement(value);
  if (Array.isArray(value)) return value.map(masked);
  const record = z.record(z.string(), z.unknown()).safeParse(value);
  return record.success ? maskedNode(record.data) : value;
}
