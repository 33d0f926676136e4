import { describe, expect, test } from 'vitest';
import type { LockParticipant } from '../../collect/postgres/lock-waits.ts';
import { limitsWith } from '../limits.ts';
import { judgeLocks } from './locks.ts';
import { waitTree } from './wait-tree.ts';

const holder = (pid: number, more: Partial<LockParticipant> = {}): LockParticipant => ({
  pid,
  state: 'idle in transaction',
  applicationName: 'billing',
  user: 'app',
  clientAddress: '10.0.0.5',
  clientPort: 40_000,
  stateAgeS: 30,
  transactionAgeS: 31,
  query: 'update account set n = n',
  wait: null,
  ...more,
});

const waiter = (pid: number, blockers: number[], waitS = 1): LockParticipant =>
  holder(pid, {
    state: 'active',
    wait: { lockType: 'relation', mode: 'AccessExclusiveLock', relation: 'account', waitS, blockers },
  });

const shape = (participants: LockParticipant[]): string[] =>
  waitTree(participants).map(({ pid, depth, holdsUp }) => `${'-'.repeat(depth)}${pid} ${holdsUp}`);

const judge = (participants: LockParticipant[]): ReturnType<typeof judgeLocks> =>
  judgeLocks({ atMs: 0, participants, role: 'watcher' }, limitsWith({}));

describe('the tree of waits', () => {
  test('puts each below the one that it waits for, the worst root first', () => {
    const all = [holder(1), waiter(2, [1]), holder(7), waiter(8, [7]), waiter(9, [8], 5)];
    expect(shape([...all, waiter(3, [8], 9)])).toEqual(['7 3', '-8 2', '--3 0', '--9 0', '1 1', '-2 0']);
  });

  test('shows a queue for one lock as a list: all of it waits for the one that holds it', () => {
    const queue = [holder(1), waiter(2, [1], 4), waiter(3, [2, 1], 3), waiter(4, [3, 2, 1], 2)];
    expect(shape(queue)).toEqual(['1 3', '-2 0', '-3 0', '-4 0']);
  });

  test('ends in a circle, which begins with the one that waited longest', () => {
    expect(shape([waiter(1, [2], 1), waiter(2, [1], 3)])).toEqual(['2 1', '-1 0']);
  });

  test('has a prepared transaction as a root, and one whose holder is gone already', () => {
    expect(shape([waiter(1, [0]), waiter(2, [99])])).toEqual(['0 1', '-1 0', '2 0']);
  });
});

describe('waits for locks', () => {
  test('that are short are no matter', () => {
    expect(judge([holder(1), waiter(2, [1], 4.9)])).toMatchObject({ verdict: 'ok', remarks: [] });
  });

  test('of five seconds fail, with who holds up whom and what ends it', () => {
    const { verdict, remarks, tree } = judge([holder(1), waiter(2, [1], 5), waiter(3, [1], 2)]);
    expect(verdict).toBe('fail');
    expect(tree.map((node) => node.verdict)).toEqual(['fail', 'warn', 'ok']);
    expect(remarks).toMatchObject([
      {
        text: "1 holds up 2 processes, the longest for 5.0 s (limit 5 s): idle in transaction for 30 s after 'update account set n = n'",
        advice: expect.stringContaining('pg_terminate_backend(1)'),
      },
    ]);
  });

  test('of sessions that are hidden are shown as far as they can be seen', () => {
    const hidden = holder(1, { state: null, query: '<insufficient privilege>' });
    const { notes, remarks } = judge([hidden, waiter(2, [1], 9)]);
    expect(notes).toEqual(['1 session of other roles (run GRANT pg_monitor TO watcher)']);
    expect(remarks[0]?.text).toMatch(/1 holds up 1 process, .*: not seen$/);
  });
});
