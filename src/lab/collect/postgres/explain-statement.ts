import { createHash } from 'node:crypto';
import { DatabaseError } from 'pg';
import { z } from 'zod';
import { GaugewayError } from '../../../shared/errors.ts';
import { type Explained, readExplained } from '../../plan/explain-json.ts';
import { keptShareOf } from '../../plan/plan-checks.ts';
import { planSummary } from '../../plan/plan-summary.ts';
import { nodesOf, type PlanNode, planTree } from '../../plan/plan-tree.ts';
import type { PlanDocument } from '../../timeline/events.ts';
import { adviseIndexes } from './advise-indexes.ts';
import type { PlannedStatement } from './choose-plans.ts';
import { labMark } from './lab-sql.ts';
import { maskStatement } from './mask-statement.ts';
import { type ParsedStatement, parseStatement } from './parse-statement.ts';
import type { PostgresTarget, Send } from './postgres-target.ts';
import { whyPowerful, whyUntrusted } from './reached-code.ts';
import { since } from './server-versions.ts';

export interface ExplainOptions {
  /** For the statement, and for each of the lab's own. */
  timeoutMs: number;
  /** Runs what may write, in a transaction that is rolled back. */
  runWrites: boolean;
}

/** A plan, and how it came about. */
export interface TakenPlan {
  document: PlanDocument;
  /** Why the statement was only planned; null when it was run. */
  whyPlanned: string | null;
  /** Whether it was run in a transaction that may write, and undone. */
  undone: boolean;
}

/**
 * Takes the plan of one statement. What only reads, with its constants in place, is really run once: read-only, rolled
 * back, bounded in time. Anything else is planned. Nothing is run that may call a function of somebody else or a
 * volatile one, as these may act although the transaction is read-only, unless `runWrites` says so of an own statement.
 * A role that may do much runs no statement of others, and does not plan what may call their functions. Throws
 * GaugewayError usage when it has no plan.
 */
export async function explainStatement(
  postgres: PostgresTarget,
  statement: PlannedStatement,
  options: ExplainOptions,
): Promise<TakenPlan> {
  const parsed = await parseStatement(statement.text);
  const plan = (send: Send): Promise<Raw> => planOnly(send, statement.text, parsed, postgres.serverVersion);
  const planned = await postgres.inReadOnlyTransaction(async (send) => {
    const risk = await riskOf(send, statement, parsed);
    if (risk.untrusted !== null && risk.powerful !== null) {
      throw new GaugewayError(
        'usage',
        `not even planned, as planning can call functions: ${risk.untrusted}, and our role ${risk.powerful}`,
      );
    }
    return { ...(await plan(send)), risk };
  }, options.timeoutMs);
  const why = whyNotRun(statement, parsed, planned.risk, options);
  const undone = why === null && (parsed.kind === 'write' || planned.risk.untrusted !== null);
  const run = why === null ? await runBounded(postgres, statement.text, undone, options.timeoutMs) : { why };
  const isRun = 'explained' in run;
  return {
    document: await documentOf(
      postgres,
      statement,
      isRun ? run : planned,
      isRun ? 'analyze' : 'generic',
      plan,
    ),
    whyPlanned: isRun ? null : run.why,
    undone: isRun && undone,
  };
}

/** What speaks against running a statement; null for each that does not. */
interface Risk {
  /** It may run what is not PostgreSQL's own, or acts. */
  untrusted: string | null;
  /** It is a statement of others, and our role may do too much for it. */
  powerful: string | null;
}

async function riskOf(send: Send, { own }: PlannedStatement, { named }: ParsedStatement): Promise<Risk> {
  return { untrusted: await whyUntrusted(send, named), powerful: own ? null : await whyPowerful(send) };
}

function whyNotRun(
  { own }: PlannedStatement,
  { kind, parameters }: ParsedStatement,
  { untrusted, powerful }: Risk,
  { runWrites }: ExplainOptions,
): string | null {
  if (parameters > 0) return 'it has parameters whose values are not known';
  if (powerful !== null) return `other roles sent it, and our role ${powerful}`;
  if (runWrites && own) return null;
  return untrusted ?? (kind === 'write' && !runWrites ? 'it writes or locks rows' : null);
}

interface Raw {
  /** As the server sent it, constants and all. */
  raw: unknown;
  explained: Explained;
}

/** Runs the statement under EXPLAIN; one that takes too long, or may not be run read-only after all, says so. */
async function runBounded(
  postgres: PostgresTarget,
  text: string,
  undone: boolean,
  timeoutMs: number,
): Promise<Raw | { why: string }> {
  const analyze = (send: Send): Promise<Raw> => explain(send, ['analyze', 'buffers'], text);
  try {
    return undone
      ? await postgres.inUndoneTransaction(analyze, timeoutMs)
      : await postgres.inReadOnlyTransaction(analyze, timeoutMs);
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'interrupted') throw error;
    const code =
      error instanceof Error && error.cause instanceof DatabaseError ? error.cause.code : undefined;
    if (code === '57014') return { why: `it did not end within ${timeoutMs / 1000} s` };
    if (code === '55P03') return { why: 'a table that it needs is locked' };
    if (code === '25006') return { why: 'it cannot be run in a read-only transaction' };
    throw error;
  }
}

/** Plans a statement, with parameters for any value of them: older servers do so for a prepared one. */
async function planOnly(
  send: Send,
  text: string,
  { parameters }: ParsedStatement,
  serverVersion: number,
): Promise<Raw> {
  if (parameters === 0) return explain(send, [], text);
  if (serverVersion >= since.genericPlan) return explain(send, ['generic_plan'], text);
  const values = Array.from({ length: parameters }, () => 'null').join(', ');
  // What is prepared outlives the transaction, and after a mistake the transaction takes no more: hence the savepoint.
  await send(`set ${labMark} local plan_cache_mode = force_generic_plan`);
  await refusing(() => send(`prepare ${labMark} gaugeway_lab_plan as ${text}`));
  await send(`savepoint ${labMark} planned`);
  try {
    const planned = await explain(send, [], `execute gaugeway_lab_plan (${values})`);
    const { plan_cache_mode: _ours, ...settings } = planned.explained.Settings ?? {};
    return { ...planned, explained: { ...planned.explained, Settings: settings } };
  } finally {
    await send(`rollback ${labMark} to savepoint planned`);
    await send(`deallocate ${labMark} gaugeway_lab_plan`);
  }
}

/** Plans or runs a statement. Throws GaugewayError usage for what the server finds wrong with it. */
async function explain(send: Send, how: readonly string[], text: string): Promise<Raw> {
  const statement = `explain ${labMark} (${[...how, 'settings', 'verbose', 'format json'].join(', ')}) ${text}`;
  // A parameter without a value is only understood as part of a simple query.
  const [row] = await refusing(() => (how.includes('generic_plan') ? send(statement) : send(statement, [])));
  const raw = row?.['QUERY PLAN'];
  return { raw, explained: readExplained(raw) };
}

async function refusing<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof DatabaseError) || !isMistake(cause.code)) throw cause;
    throw new GaugewayError('usage', `PostgreSQL refuses it: ${maskStatement(cause.message)}`, { cause });
  }
}

/** Classes of SQLSTATE that speak of the statement and its data: 21, 22, 23, 42; but for the missing right. */
function isMistake(code: string | undefined): boolean {
  return code !== undefined && /^(0A|21|22|23|42)/.test(code) && code !== '42501';
}

async function documentOf(
  postgres: PostgresTarget,
  statement: PlannedStatement,
  { raw, explained }: Raw,
  mode: PlanDocument['mode'],
  plan: (send: Send) => Promise<Raw>,
): Promise<PlanDocument> {
  const tree = planTree(explained.Plan);
  const sql = maskStatement(statement.text);
  return postgres.inReadOnlyTransaction(async (send) => {
    const sequentialScans = await scansOf(send, tree);
    const indexAdvice = await adviseIndexes({
      send,
      tree,
      tables: sequentialScans,
      direct: postgres.direct,
      planAgain: async () => (await plan(send)).explained,
    });
    return {
      queryId: statement.queryId ?? createHash('sha256').update(sql).digest('hex').slice(0, 16),
      sql,
      mode,
      calls: statement.calls,
      meanMs: statement.meanMs,
      plan: maskedRecord(z.tuple([z.object({ Plan: record })]).parse(raw)[0].Plan),
      sequentialScans,
      summary: planSummary(explained),
      indexAdvice,
    };
  });
}

async function scansOf(send: Send, tree: PlanNode): Promise<PlanDocument['sequentialScans']> {
  const scans: PlanDocument['sequentialScans'] = [];
  for (const { node } of nodesOf(tree)) {
    if (node.type !== 'Seq Scan' || node.table === null) continue;
    const { schema, name: table } = node.table;
    const liveRows = await liveRowsOf(send, schema, table);
    scans.push({ schema, table, liveRows, keptShare: keptShareOf(node, liveRows) });
  }
  return scans;
}

/** As the planner counts them; before the first ANALYZE, as the statistics do. */
async function liveRowsOf(send: Send, schema: string, table: string): Promise<number> {
  const rows = await send(
    `select ${labMark} (case when reltuples > 0 then reltuples else pg_stat_get_live_tuples(oid) end)::float8 as rows
      from pg_class where oid = to_regclass(format('%I.%I', $1::text, $2::text))`,
    [schema, table],
  );
  return z.object({ rows: z.number() }).parse(rows[0]).rows;
}

const record = z.record(z.string(), z.unknown());

/** Conditions in a plan repeat the constants of the statement. */
function maskedRecord(node: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, masked(value)]));
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskStatement(value);
  if (Array.isArray(value)) return value.map(masked);
  const found = record.safeParse(value);
  return found.success ? maskedRecord(found.data) : value;
}
