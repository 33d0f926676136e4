import {
  type StatementState,
  statementsAbout,
  statementStates,
} from '../../collect/postgres/statement-states.ts';
import { statementsSchema } from '../../collect/postgres/statements.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import { hiddenNote, visibility } from '../../collect/postgres/visibility.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';
import { formatBytes, formatCount, formatTimeMs } from '../quantity.ts';
import { documentOf, foremost, grown, PostgresLook, type TimedReading } from './postgres-look.ts';
import { sinceWhen } from './since-when.ts';

/** By what statements can be ranked. */
export const statementOrders = ['total', 'mean', 'calls', 'rows', 'temp'] as const;
export type StatementOrder = (typeof statementOrders)[number];

/** All counters of one moment. */
export interface StatementsReading extends TimedReading {
  role: string;
  hidden: number;
  /** How often pg_stat_statements threw away counters of rare statements, for want of room. */
  dealloc: number;
  /** How many statements it keeps: `pg_stat_statements.max`. */
  most: number;
  statsResetMs: number;
  blockBytes: number;
  statements: StatementState[];
}

/** What one statement did in the window, or since the last reset. */
export interface StatementUse {
  queryId: string;
  topLevel: boolean;
  /** Constants hidden. */
  query: string;
  calls: number;
  /** Null without a window. */
  callsPerS: number | null;
  totalMs: number;
  meanMs: number;
  /** Of the time of all statements. */
  timeShare: number;
  rows: number;
  /** Blocks found in the shared buffers, 0 to 1; null when none was asked for. */
  hitRatio: number | null;
  readMs: number;
  tempBytes: number;
  verdict: LookVerdict;
}

/** `gaugeway pg statements --json`. */
export interface StatementsDocument extends LookDocument {
  statsResetMs: number;
  sort: StatementOrder;
  /** Statements that were called at all. */
  called: number;
  statements: StatementUse[];
}

const shownStatements = 15;

const orders: Record<StatementOrder, (use: StatementUse) => number> = {
  total: ({ totalMs }) => totalMs,
  mean: ({ meanMs }) => meanMs,
  calls: ({ calls }) => calls,
  rows: ({ rows }) => rows,
  temp: ({ tempBytes }) => tempBytes,
};

/** Which statements take the time of the database, over a window or since the last reset. */
export class StatementsLook extends PostgresLook<StatementsReading, StatementsDocument> {
  readonly #lifetime: boolean;
  readonly #sort: StatementOrder;

  constructor(
    shared: SharedConnection<PostgresTarget>,
    { lifetime, sort }: { lifetime: boolean; sort: StatementOrder },
  ) {
    super(shared);
    this.#lifetime = lifetime;
    this.#sort = sort;
  }

  override get needsWindow(): boolean {
    return !this.#lifetime;
  }

  protected async readFrom(postgres: PostgresTarget, atMs: number): Promise<StatementsReading> {
    const schema = await statementsSchema(postgres);
    const [states, about] = [statementStates(schema, postgres.serverVersion), statementsAbout(schema)];
    const answers = await postgres.read(states, about, visibility);
    const [{ role }] = answers.of(visibility);
    const [info] = answers.of(about);
    return { atMs, role, ...info, statements: answers.of(states) };
  }

  judge(
    after: StatementsReading,
    earlier: StatementsReading | undefined,
    limits: Limits,
  ): StatementsDocument {
    return judgeStatements(after, this.#lifetime ? undefined : earlier, { sort: this.#sort, limits });
  }

  tables(document: StatementsDocument): LookTable[] {
    const { statements, sort } = document;
    return [
      lookTable({
        title: `${sinceWhen(document)}, by ${sort}`,
        rows: statements,
        name: {
          title: 'statement',
          value: ({ query, topLevel }) =>
            `${topLevel ? '' : '(in a function) '}${query.replaceAll(/\s+/g, ' ')}`,
        },
        columns: [
          {
            title: 'total',
            value: ({ totalMs }) => formatTimeMs(totalMs),
            expendable: sort === 'total' ? 0 : 1,
          },
          { title: 'mean', value: ({ meanMs }) => formatTimeMs(meanMs), expendable: 0 },
          { title: 'calls', value: ({ calls }) => formatCount(calls), expendable: 0 },
          {
            title: 'calls/s',
            value: ({ callsPerS }) => (callsPerS === null ? '' : formatCount(callsPerS)),
            expendable: 6,
          },
          { title: 'rows', value: ({ rows }) => formatCount(rows), expendable: sort === 'rows' ? 0 : 3 },
          { title: 'hit %', value: ({ hitRatio }) => percent(hitRatio), expendable: 2 },
          {
            title: 'temp',
            value: ({ tempBytes }) => (tempBytes === 0 ? '' : formatBytes(tempBytes)),
            expendable: sort === 'temp' ? 0 : 5,
          },
        ],
        verdict: ({ verdict }) => verdict,
        empty: 'No statement was called, but our own.',
      }),
    ];
  }
}

/** Pure: what statements did from `before` to `after`, or since the last reset where there is no reading before. */
export function judgeStatements(
  after: StatementsReading,
  before: StatementsReading | undefined,
  { sort, limits }: { sort: StatementOrder; limits: Limits },
): StatementsDocument {
  const known = new Map(before?.statements.map((state) => [keyOf(state), state]));
  const seconds = before === undefined ? null : (after.atMs - before.atMs) / 1000;
  const uses = after.statements
    .map((state) => useOf(state, known.get(keyOf(state)), seconds, after.blockBytes))
    .filter(({ calls }) => calls > 0);
  const allMs = uses.filter(({ topLevel }) => topLevel).reduce((sum, { totalMs }) => sum + totalMs, 0);
  const callsEver = new Map(after.statements.map((state) => [keyOf(state), state.calls]));
  const remarks: Remark[] = [];
  const statements = uses
    .map((use) => ({ ...use, timeShare: allMs === 0 ? 0 : Math.min(1, use.totalMs / allMs) }))
    .toSorted((a, b) => orders[sort](b) - orders[sort](a) || b.totalMs - a.totalMs)
    .slice(0, shownStatements)
    .map((use): StatementUse => {
      const found = judgeUse(use, callsEver.get(keyOf(use)) ?? 0, limits);
      remarks.push(...found);
      return { ...use, verdict: worstVerdict(found.map(({ verdict }) => verdict)) };
    });
  return {
    ...documentOf(
      'pg statements',
      { after, before },
      { remarks: foremost(remarks), notes: notesOf(after, before) },
    ),
    statsResetMs: after.statsResetMs,
    sort,
    called: uses.length,
    statements,
  };
}

function useOf(
  after: StatementState,
  before: StatementState | undefined,
  seconds: number | null,
  blockBytes: number,
): StatementUse {
  // A statement whose counters were thrown away counts anew, which its calls tell.
  const since = before !== undefined && after.calls >= before.calls ? before : undefined;
  const calls = grown(after.calls, since?.calls);
  const totalMs = grown(after.totalMs, since?.totalMs);
  const hit = grown(after.sharedBlksHit, since?.sharedBlksHit);
  const read = grown(after.sharedBlksRead, since?.sharedBlksRead);
  return {
    queryId: after.queryId,
    topLevel: after.topLevel,
    query: after.query,
    calls,
    callsPerS: seconds === null ? null : calls / seconds,
    totalMs,
    meanMs: calls === 0 ? 0 : totalMs / calls,
    timeShare: 0,
    rows: grown(after.rows, since?.rows),
    hitRatio: hit + read === 0 ? null : hit / (hit + read),
    readMs: grown(after.readMs, since?.readMs),
    tempBytes: grown(after.tempBlksWritten, since?.tempBlksWritten) * blockBytes,
    verdict: 'ok',
  };
}

/** PgHero's slow statement, and sorts or hashes that had no room in memory. */
function judgeUse(use: StatementUse, callsEver: number, limits: Limits): Remark[] {
  const { meanMs, calls, totalMs, tempBytes, query, timeShare } = use;
  const name = `'${query.replaceAll(/\s+/g, ' ').slice(0, 60)}'`;
  const remarks: Remark[] = [];
  const meanLimit = limits['pg.statements.mean'];
  if (meanMs >= meanLimit && callsEver >= limits['pg.statements.calls']) {
    remarks.push({
      verdict: 'warn',
      text: `${name} takes ${formatTimeMs(meanMs)} a call (limit ${meanLimit} ms): ${formatTimeMs(totalMs)} in ${formatCount(calls)} calls, ${Math.round(timeShare * 100)} % of the time of all statements`,
      advice: 'gaugeway pg explain --top 5 shows why',
    });
  }
  if (tempBytes / calls >= limits['pg.statements.temp']) {
    remarks.push({
      verdict: 'warn',
      text: `${name} wrote ${formatBytes(tempBytes / calls)} a call to temporary files: a sort or hash had no room in work_mem`,
      advice: 'raise work_mem for this statement alone, or let an index give the order',
    });
  }
  return remarks;
}

function notesOf(after: StatementsReading, before: StatementsReading | undefined): string[] {
  const notes = hiddenNote(after.hidden, 'statement', after.role);
  const dropped = after.dealloc - (before?.dealloc ?? 0);
  if (dropped > 0) {
    notes.push(
      `statements that were thrown away ${formatCount(dropped)} times, as pg_stat_statements.max (${after.most}) is too small`,
    );
  }
  if (before !== undefined && before.statsResetMs !== after.statsResetMs) {
    notes.push('what happened before the statistics were reset, within this window');
  }
  return notes;
}

function keyOf({ queryId, topLevel }: { queryId: string; topLevel: boolean }): string {
  return `${queryId} ${topLevel}`;
}

function percent(ratio: number | null): string {
  return ratio === null ? '' : (Math.floor(ratio * 1000) / 10).toFixed(1);
}
