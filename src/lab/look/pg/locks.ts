import { type LockParticipant, lockParticipants, mostLockWaits } from '../../collect/postgres/lock-waits.ts';
import type { PostgresTarget } from '../../collect/postgres/postgres-target.ts';
import { hiddenNote, hiddenText, visibility } from '../../collect/postgres/visibility.ts';
import type { Limits } from '../limits.ts';
import { type LookTable, lookTable } from '../look-table.ts';
import type { LookDocument, LookVerdict, Remark } from '../look.ts';
import { ageWords, formatAgeS } from '../quantity.ts';
import { documentOf, foremost, PostgresLook, type TimedReading } from './postgres-look.ts';
import { processNames, snippetOf, stateWords, whoIs } from './session-words.ts';
import { waitTree, type WaitNode } from './wait-tree.ts';

/** Who takes part in waiting for locks, at one moment. */
export interface LocksReading extends TimedReading {
  participants: LockParticipant[];
  role: string;
}

/** `gaugeway pg locks --json`. */
export interface LocksDocument extends LookDocument {
  /** Depth first: each below the one that it waits for. */
  tree: (WaitNode & { verdict: LookVerdict })[];
}

/** Who waits for a lock, for how long, and who holds it: those that hold up others without waiting come first. */
export class LocksLook extends PostgresLook<LocksReading, LocksDocument> {
  protected async readFrom(postgres: PostgresTarget, atMs: number): Promise<LocksReading> {
    const answers = await postgres.read(lockParticipants, visibility);
    const [{ role }] = answers.of(visibility);
    return { atMs, role, participants: answers.of(lockParticipants) };
  }

  judge(after: LocksReading, _before: unknown, limits: Limits): LocksDocument {
    return judgeLocks(after, limits);
  }

  tables({ tree }: LocksDocument): LookTable[] {
    return [
      lookTable({
        rows: tree,
        name: {
          title: 'process',
          value: ({ depth, pid, applicationName }) =>
            `${depth === 0 ? '' : `${'  '.repeat(Math.min(depth, 8) - 1)}└ `}${processNames([pid])} ${applicationName}`,
        },
        columns: [
          { title: 'waits for', value: wantedBy, expendable: 0, align: 'left' },
          { title: 'wait s', value: ({ wait }) => (wait ? formatAgeS(wait.waitS) : ''), expendable: 0 },
          { title: 'xact s', value: ({ transactionAgeS }) => formatAgeS(transactionAgeS), expendable: 1 },
        ],
        verdict: ({ verdict }) => verdict,
        detail: detailOf,
        empty: 'Nobody waits for a lock.',
      }),
    ];
  }
}

/** Pure: the tree of who waits for whom, and who holds up others for too long. */
export function judgeLocks({ atMs, participants, role }: LocksReading, limits: Limits): LocksDocument {
  const limit = limits['pg.lock-wait.age'];
  const remarks: Remark[] = [];
  const tree = waitTree(participants).map((node) => {
    const verdict = verdictOf(node, limit);
    if (verdict === 'fail') remarks.push(remarkOn(node, limit));
    return { ...node, verdict };
  });
  const hidden = participants.filter(({ query }) => query === hiddenText).length;
  const notes = hiddenNote(hidden, 'session', role);
  if (participants.filter(({ wait }) => wait !== null).length >= mostLockWaits) {
    notes.push(`waiting processes beyond ${mostLockWaits}`);
  }
  return { ...documentOf('pg locks', { after: { atMs } }, { remarks: foremost(remarks), notes }), tree };
}

/** The cause fails, who suffers from it is warned of. */
function verdictOf({ depth, longestWaitS, wait }: WaitNode, limit: number): LookVerdict {
  if (depth === 0 && longestWaitS >= limit) return 'fail';
  return (wait?.waitS ?? 0) >= limit ? 'warn' : 'ok';
}

function remarkOn(node: WaitNode, limit: number): Remark {
  const { pid, holdsUp, longestWaitS, wait, state } = node;
  const others = holdsUp === 1 ? '1 process' : `${holdsUp} processes`;
  const idle = state?.startsWith('idle in transaction') === true;
  const reason = wait === null ? '' : ', in a circle with them';
  const ends = idle || wait !== null ? 'pg_terminate_backend' : 'pg_cancel_backend';
  return {
    verdict: 'fail',
    text: `${processNames([pid])} holds up ${others}, the longest for ${ageWords(longestWaitS)} (limit ${limit} s)${reason}: ${doing(node)}`,
    advice:
      pid === 0
        ? 'select gid from pg_prepared_xacts names it; commit prepared or rollback prepared ends it'
        : `shorten the transaction; select ${ends}(${pid}) ends it now, lock_timeout bounds such waits`,
  };
}

function wantedBy({ wait, holdsUp }: WaitNode): string {
  if (wait === null) return holdsUp === 1 ? '(holds up 1)' : `(holds up ${holdsUp})`;
  const { lockType, mode, relation } = wait;
  const what = mode.replace(/Lock$/, '');
  if (lockType === 'relation') return `${what} on ${relation ?? '?'}`;
  if (lockType === 'transactionid' || lockType === 'tuple') {
    return relation === null ? 'a transaction' : `a row of ${relation}`;
  }
  return `${what} on ${lockType}${relation === null ? '' : ` of ${relation}`}`;
}

function detailOf(node: WaitNode): string {
  return node.pid === 0 ? '' : `${whoIs(node)}: ${doing(node)}`;
}

function doing({ state, stateAgeS, query }: WaitNode): string {
  if (state === null) return 'not seen';
  const ranOrRuns = state === 'active' ? 'runs' : `${stateWords(state)} for ${ageWords(stateAgeS)} after`;
  return query === '' ? stateWords(state) : `${ranOrRuns} '${snippetOf(query)}'`;
}
