import { describe, expect, test } from 'vitest';
import { limitsWith } from '../limits.ts';
import { type HeldSession, judgeStuck } from './stuck.ts';

const session = (pid: number, more: Partial<HeldSession> = {}): HeldSession => ({
  pid,
  state: 'idle in transaction',
  applicationName: 'gunicorn',
  user: 'app',
  clientAddress: '10.0.0.5',
  clientPort: 40_000,
  stateAgeS: 1,
  transactionAgeS: 1,
  queryAgeS: 1,
  waitsFor: null,
  query: 'SELECT 1',
  blockers: [],
  holder: null,
  ...more,
});

const judge = (
  sessions: HeldSession[],
  changed: Record<string, number> = {},
): ReturnType<typeof judgeStuck> => judgeStuck({ atMs: 0, sessions, notes: [] }, limitsWith(changed));

describe('sessions that are stuck', () => {
  test('are open transactions, and queries that have run for a second', () => {
    const sessions = [
      session(1, { transactionAgeS: 0.1, stateAgeS: 0.1 }),
      session(2, { state: 'active', queryAgeS: 0.9 }),
      session(3, { state: 'active', queryAgeS: 1 }),
    ];
    const { sessions: stuck, verdict } = judge(sessions);
    expect(stuck.map(({ pid }) => pid)).toEqual([3, 1]);
    expect(verdict).toBe('ok');
  });

  test('are told by the statement that left the transaction open', () => {
    const { remarks } = judge([
      session(1, { stateAgeS: 139 }),
      session(2, { stateAgeS: 8 }),
      session(3, { stateAgeS: 6, query: 'select $1' }),
      session(4, { stateAgeS: 4.9, query: 'select $2' }),
    ]);
    expect(remarks.map(({ verdict, text }) => [verdict, text])).toEqual([
      [
        'fail',
        "2 sessions are idle in transaction after 'SELECT 1', the longest for 2m19s: gunicorn does not end what it began",
      ],
      [
        'warn',
        "1 session is idle in transaction after 'select $1', the longest for 6.0 s: gunicorn does not end what it began",
      ],
    ]);
  });

  test('fail by their number, however young', () => {
    const many = Array.from({ length: 50 }, (_, pid) => session(pid + 1));
    const { verdict, count, sessions, remarks } = judge(many);
    expect([verdict, count, sessions.length]).toEqual(['fail', 50, 15]);
    expect(remarks[0]?.text).toMatch(/^50 sessions are idle in transaction \(limit 50\)/);
    expect(judge(many, { 'pg.idle-in-transaction.count': 51 }).verdict).toBe('ok');
  });

  test('name whom they block and by whom they are blocked, and fail when that takes long', () => {
    const sessions = [session(1), session(2, { state: 'active', queryAgeS: 5, blockers: [1] })];
    const { sessions: stuck, remarks } = judge(sessions);
    expect(stuck).toMatchObject([
      { pid: 1, blocked: [2], verdict: 'fail' },
      { pid: 2, blockers: [1], verdict: 'ok' },
    ]);
    expect(remarks.map(({ text }) => text)).toContain(
      '1 session waits for a lock, the longest for 5.0 s (limit 5 s)',
    );
  });

  test('are queries of a minute too', () => {
    const [first] = judge([
      session(7, { state: 'active', queryAgeS: 60, waitsFor: 'IO: DataFileRead' }),
    ]).remarks;
    expect(first).toMatchObject({
      verdict: 'warn',
      text: "7 has run 'SELECT 1' for 60 s (limit 60 s), and waits for IO: DataFileRead",
    });
  });
});
