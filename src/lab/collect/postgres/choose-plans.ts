import { codeOf } from './mask-statement.ts';
import type { StatementCounters } from './statements.ts';

/** A query as a client sent it. */
export interface SentQuery {
  queryId: string | null;
  query: string;
  /** How often it was seen, more while it ran. */
  seen: number;
  /** Whether the lab's own role, and nobody else, was seen to send it. */
  own: boolean;
}

/** A statement whose plan is worth having; `text` has its constants where it was seen with them. */
export interface PlannedStatement {
  queryId: string | null;
  text: string;
  /** Within the run; 0 when the server keeps no statistics of statements. */
  calls: number;
  meanMs: number;
  /** Whether it is the user's, or was sent by the lab's own role alone: it then runs nothing with others' rights. */
  own: boolean;
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
  /** Ids of statements that other roles sent. */
  ofOthers: ReadonlySet<string>;
}): PlannedStatement[] {
  const costs = run.after.length > 0 ? costsFrom(run) : sightings(run.sent);
  const readable = costs.filter(({ text }) => isPlainRead(text)).toSorted((a, b) => b.cost - a.cost);
  const chosen = new Set(readable.slice(0, mostCostly));
  for (const table of run.scannedTables) {
    const naming = readable.filter(({ text }) => names(text, table));
    for (const statement of naming.slice(0, perScannedTable)) chosen.add(statement);
  }
  return [...chosen].map(({ cost: _cost, ...statement }) => statement);
}

type Cost = PlannedStatement & { cost: number };

function costsFrom({
  before,
  after,
  sent,
  ofOthers,
}: {
  before: StatementCounters[];
  after: StatementCounters[];
  sent: SentQuery[];
  ofOthers: ReadonlySet<string>;
}): Cost[] {
  const earlier = new Map(before.map((row) => [row.queryId, row]));
  const literal = new Map(sent.map((one) => [one.queryId, one]));
  return after.flatMap(({ queryId, query, calls, totalMs }) => {
    const first = earlier.get(queryId);
    const callsInRun = calls - (first?.calls ?? 0);
    const cost = totalMs - (first?.totalMs ?? 0);
    if (callsInRun <= 0) return [];
    const seen = literal.get(queryId);
    const own = !ofOthers.has(queryId) && (seen?.own ?? true);
    const meanMs = cost / callsInRun;
    return [{ queryId, text: seen?.query ?? query, calls: callsInRun, meanMs, own, cost }];
  });
}

function sightings(sent: SentQuery[]): Cost[] {
  return sent.map(({ query, seen, ...rest }) => ({ ...rest, text: query, calls: 0, meanMs: 0, cost: seen }));
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
