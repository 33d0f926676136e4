import { codeOf } from './mask-statement.ts';
import type { StatementCounters } from './statements.ts';

/** A query as a client sent it. */
export interface SentQuery {
  queryId: string | null;
  query: string;
  /** How often it was seen, more while it ran. */
  seen: number;
}

/** A statement whose plan is worth having; `text` has its constants where it was seen with them. */
export interface PlannedStatement {
  queryId: string | null;
  text: string;
  /** Within the run; 0 when the server keeps no statistics of statements. */
  calls: number;
  meanMs: number;
}

const mostCostly = 5;
const perScannedTable = 2;

/**
 * The reading statements that took most time between two states of pg_stat_statements, and of those that name a
 * table with many rows read sequentially, the costliest two each. Without such statistics, those seen most often.
 */
export function choosePlans(run: {
  before: StatementCounters[];
  after: StatementCounters[];
  sent: SentQuery[];
  scannedTables: string[];
}): PlannedStatement[] {
  const costs = run.after.length > 0 ? costsFrom(run) : sightings(run.sent);
  const readable = costs.filter(({ text }) => isPlainRead(text)).toSorted((a, b) => b.cost - a.cost);
  const chosen = new Set(readable.slice(0, mostCostly));
  for (const table of run.scannedTables) {
    const naming = readable.filter(({ text }) => names(text, table));
    for (const statement of naming.slice(0, perScannedTable)) chosen.add(statement);
  }
  return [...chosen].map(({ queryId, text, calls, meanMs }) => ({ queryId, text, calls, meanMs }));
}

type Cost = PlannedStatement & { cost: number };

function costsFrom({
  before,
  after,
  sent,
}: {
  before: StatementCounters[];
  after: StatementCounters[];
  sent: SentQuery[];
}): Cost[] {
  const earlier = new Map(before.map((row) => [row.queryId, row]));
  const literal = new Map(sent.map(({ queryId, query }) => [queryId, query]));
  return after.flatMap(({ queryId, query, calls, totalMs }) => {
    const first = earlier.get(queryId);
    const callsInRun = calls - (first?.calls ?? 0);
    const cost = totalMs - (first?.totalMs ?? 0);
    if (callsInRun <= 0) return [];
    return [
      { queryId, text: literal.get(queryId) ?? query, calls: callsInRun, meanMs: cost / callsInRun, cost },
    ];
  });
}

function sightings(sent: SentQuery[]): Cost[] {
  return sent.map(({ queryId, query, seen }) => ({ queryId, text: query, calls: 0, meanMs: 0, cost: seen }));
}

/** One statement that begins as a query does, changes nothing and locks no rows. */
function isPlainRead(text: string): boolean {
  const code = codeOf(text).trim().replace(/;\s*$/, '');
  const locks = /\bfor\s+(no\s+key\s+)?(update|key\s+share|share)\b/i;
  const changes = /^with\b[^]*\b(insert\s+into|update|delete\s+from|merge\s+into)\b/i;
  return /^(select|with)\b/i.test(code) && !code.includes(';') && !locks.test(code) && !changes.test(code);
}

function names(text: string, table: string): boolean {
  const identifiers = codeOf(text)
    .toLowerCase()
    .match(/[\p{L}_][\p{L}\p{N}_$]*/gu);
  return identifiers?.includes(table.toLowerCase()) ?? false;
}
