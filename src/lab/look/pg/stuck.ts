import type { PgbouncerTarget } from '../../collect/pgbouncer/pgbouncer-target.ts';
import { readServerHolders, type ServerHolder } from '../../collect/pgbouncer/server-holders.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import { busySessions, mostSessions, type Session } from '../../collect/postgres/sessions.ts';
import { hiddenNote, visibility } from '../../collect/postgres/visibility.ts';
import type { SharedConnection } from '../../collect/shared-connection.ts';
import { GaugewayError } from '../../../shared/errors.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import { type LookDocument, type LookVerdict, type Remark, worstVerdict } from '../look.ts';
import { ageWords, formatAgeS } from '../quantity.ts';
import { documentOf, foremost, PostgresLook, type TimedReading } from './postgres-look.ts';
import { addressOf, processNames, snippetOf, stateWords, whoIs } from './session-words.ts';

/** A session with the client of PgBouncer that it serves; null where there is none, or where it is not known. */
export interface HeldSession extends Session {
  holder: ServerHolder | null;
}

/** What is in a transaction or runs something, at one moment. */
export interface StuckReading extends TimedReading {
  sessions: HeldSession[];
  notes: string[];
}

/** A session that keeps something from going on. */
export interface StuckSession extends HeldSession {
  /** Sessions that wait for this one. */
  blocked: number[];
  verdict: LookVerdict;
}

/** `gaugeway pg stuck --json`. */
export interface StuckDocument extends LookDocument {
  /** How many there are; the list has the first of them. */
  count: number;
  sessions: StuckSession[];
}

const shownSessions = 15;
const endTransactions =
  'commit or roll back before other work begins; idle_in_transaction_session_timeout ends what is forgotten';

/** Transactions that nobody goes on with, queries that take long, and who is blocked: by whom, and whose they are. */
export class StuckLook extends PostgresLook<StuckReading, StuckDocument> {
  readonly #pgbouncer: SharedConnection<PgbouncerTarget> | undefined;

  /** With the admin console of a PgBouncer, its client is named that keeps a server connection. */
  constructor(shared: SharedConnection<PostgresTarget>, pgbouncer?: SharedConnection<PgbouncerTarget>) {
    super(shared);
    this.#pgbouncer = pgbouncer;
  }

  protected async readFrom(
    postgres: PostgresTarget,
    atMs: number,
    signal: AbortSignal,
  ): Promise<StuckReading> {
    const answers = await postgres.read(busySessions, visibility);
    const [{ role, hiddenSessions }] = answers.of(visibility);
    const sessions = answers.of(busySessions);
    const notes = hiddenNote(hiddenSessions, 'session', role);
    if (sessions.length >= mostSessions) notes.push(`sessions beyond the ${mostSessions} oldest ones`);
    const holders = await this.#holders(signal, notes);
    return {
      atMs,
      notes,
      sessions: sessions.map((session) => ({
        ...session,
        holder: holders?.of(session.pid, session.clientPort) ?? null,
      })),
    };
  }

  judge(after: StuckReading, _before: unknown, limits: Limits): StuckDocument {
    return judgeStuck(after, limits);
  }

  tables({ sessions, count }: StuckDocument): LookTable[] {
    return [
      lookTable({
        title: count > sessions.length ? `${sessions.length} of ${count} sessions, the oldest first` : '',
        rows: sessions,
        name: { title: 'statement', value: ({ query }) => snippetOf(query) },
        columns: [
          { title: 'pid', value: ({ pid }) => String(pid), expendable: 0 },
          { title: 'state', value: ({ state }) => stateWords(state), expendable: 0, align: 'left' },
          { title: 'for s', value: ({ stateAgeS }) => formatAgeS(stateAgeS), expendable: 0 },
          { title: 'xact s', value: ({ transactionAgeS }) => formatAgeS(transactionAgeS), expendable: 0 },
        ],
        verdict: ({ verdict }) => verdict,
        detail: detailOf,
        empty: 'Nothing is stuck: no transaction is open without work, and no query takes long.',
      }),
    ];
  }

  override async close(): Promise<void> {
    await super.close();
    await this.#pgbouncer?.close(this);
  }

  /** PostgreSQL is looked at also when its pooler does not answer. */
  async #holders(
    signal: AbortSignal,
    notes: string[],
  ): Promise<Awaited<ReturnType<typeof readServerHolders>> | undefined> {
    if (this.#pgbouncer === undefined) return undefined;
    try {
      return await readServerHolders(await this.#pgbouncer.open(this, signal));
    } catch (error) {
      if (!(error instanceof GaugewayError)) throw error;
      notes.push(`which clients are behind PgBouncer (${error.message})`);
      return undefined;
    }
  }
}

/** Pure: which of the sessions are stuck, and how bad each is. */
export function judgeStuck({ atMs, sessions, notes }: StuckReading, limits: Limits): StuckDocument {
  const blockedBy = new Map<number, Session[]>();
  for (const session of sessions) {
    for (const pid of session.blockers) blockedBy.set(pid, [...(blockedBy.get(pid) ?? []), session]);
  }
  const stuck = sessions
    .map((session): StuckSession => {
      const waiting = blockedBy.get(session.pid) ?? [];
      const blocked = waiting.map(({ pid }) => pid);
      return { ...session, blocked, verdict: verdictOf(session, waiting, limits) };
    })
    .filter(
      ({ state, queryAgeS, blockers, blocked }) =>
        isIdle(state) || queryAgeS >= limits['pg.query.shown'] || blockers.length > 0 || blocked.length > 0,
    )
    .toSorted((a, b) => b.transactionAgeS - a.transactionAgeS || a.pid - b.pid);
  const remarks = [
    ...idleRemarks(stuck, limits),
    ...blockedRemark(stuck, limits),
    ...longRemarks(stuck, limits),
  ];
  return {
    ...documentOf('pg stuck', { after: { atMs } }, { remarks: foremost(remarks), notes }),
    count: stuck.length,
    sessions: stuck.slice(0, shownSessions),
  };
}

function verdictOf(session: Session, waiting: readonly Session[], limits: Limits): LookVerdict {
  const { state, stateAgeS, queryAgeS } = session;
  if (waiting.some((other) => other.queryAgeS >= limits['pg.lock-wait.age'])) return 'fail';
  if (isIdle(state)) {
    if (stateAgeS >= limits['pg.idle-in-transaction.stuck']) return 'fail';
    return stateAgeS >= limits['pg.idle-in-transaction.age'] ? 'warn' : 'ok';
  }
  return queryAgeS >= limits['pg.query.age'] ? 'warn' : 'ok';
}

/** Open transactions by what was run last, as the guide groups them: one statement is one cause. */
function idleRemarks(stuck: readonly StuckSession[], limits: Limits): Remark[] {
  const idle = stuck.filter(({ state }) => isIdle(state));
  const most = limits['pg.idle-in-transaction.count'];
  const byStatement = Map.groupBy(
    idle.filter(({ verdict }) => verdict !== 'ok'),
    ({ query, applicationName }) => JSON.stringify([snippetOf(query), applicationName]),
  );
  const groups = [...byStatement.values()].flatMap((sessions, at): Remark[] => {
    const [first] = sessions;
    if (first === undefined) return [];
    const oldestS = Math.max(...sessions.map(({ stateAgeS }) => stateAgeS));
    const many = sessions.length === 1 ? '1 session is' : `${sessions.length} sessions are`;
    return [
      {
        verdict: worstVerdict(sessions.map(({ verdict }) => verdict)),
        text: `${many} idle in transaction after '${snippetOf(first.query)}', the longest for ${ageWords(oldestS)}: ${first.applicationName || 'unnamed'} does not end what it began`,
        ...(at > 0 ? {} : { advice: endTransactions }),
      },
    ];
  });
  if (idle.length < most) return groups;
  const text = `${idle.length} sessions are idle in transaction (limit ${most}): connections are used up while nothing runs`;
  return [{ verdict: 'fail', text }, ...groups];
}

function blockedRemark(stuck: readonly StuckSession[], limits: Limits): Remark[] {
  const limit = limits['pg.lock-wait.age'];
  const waiting = stuck.filter(({ blockers, queryAgeS }) => blockers.length > 0 && queryAgeS >= limit);
  if (waiting.length === 0) return [];
  const longest = ageWords(Math.max(...waiting.map(({ queryAgeS }) => queryAgeS)));
  return [
    {
      verdict: 'fail',
      text: `${waiting.length === 1 ? '1 session waits' : `${waiting.length} sessions wait`} for a lock, the longest for ${longest} (limit ${limit} s)`,
      advice: 'gaugeway pg locks shows the locks as a tree, those that hold up others first',
    },
  ];
}

function longRemarks(stuck: readonly StuckSession[], limits: Limits): Remark[] {
  const limit = limits['pg.query.age'];
  return stuck
    .filter(({ state, queryAgeS }) => !isIdle(state) && queryAgeS >= limit)
    .map(({ pid, queryAgeS, waitsFor, query }) => ({
      verdict: 'warn',
      text: `${pid} has run '${snippetOf(query)}' for ${ageWords(queryAgeS)} (limit ${limit} s)${waitsFor === null ? '' : `, and waits for ${waitsFor}`}`,
      advice: `select pg_cancel_backend(${pid}) ends the query, statement_timeout all such`,
    }));
}

function detailOf({ holder, blockers, blocked, waitsFor, ...session }: StuckSession): string {
  const who =
    holder === null
      ? whoIs(session)
      : `${whoIs({ ...holder, clientAddress: holder.address, clientPort: holder.port })}, behind PgBouncer at ${addressOf(session.clientAddress ?? 'a local socket', session.clientPort)}`;
  return [
    who,
    ...(waitsFor === null || isIdle(session.state) ? [] : [`waits for ${waitsFor}`]),
    ...(blockers.length === 0 ? [] : [`blocked by ${processNames(blockers)}`]),
    ...(blocked.length === 0 ? [] : [`holds up ${processNames(blocked)}`]),
  ].join('; ');
}

function isIdle(state: string): boolean {
  return state.startsWith('idle in transaction');
}
