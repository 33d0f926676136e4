import { describe, expect, test } from 'vitest';
import { limitsWith } from '../limits.ts';
import { type ConnectionGroup, type ConnectionsReading, judgeConnections } from './connections.ts';

const group = (
  state: ConnectionGroup['state'],
  count: number,
  maxStateAgeS: number,
  applicationName = '*',
): ConnectionGroup => ({
  state,
  applicationName,
  client: applicationName === '*' ? '*' : '10.0.0.5',
  count,
  maxStateAgeS,
  p95StateAgeS: maxStateAgeS,
  maxTransactionAgeS: 0,
  p95TransactionAgeS: 0,
});

const judge = (
  groups: ConnectionGroup[],
  more: Partial<ConnectionsReading> = {},
): ReturnType<typeof judgeConnections> =>
  judgeConnections(
    {
      atMs: 0,
      groups,
      maxConnections: 100,
      serverConnections: 10,
      role: 'watcher',
      hiddenSessions: 0,
      ...more,
    },
    limitsWith({}),
  );

describe('connections', () => {
  test("are healthy as in the guide's example", () => {
    const { verdict, states, groups } = judge([
      group('idle', 70, 200),
      group('active', 5, 0),
      group('idle in transaction', 3, 1),
      group('idle', 70, 200, 'app'),
    ]);
    expect(verdict).toBe('ok');
    expect(states.map(({ state, count }) => `${count} ${state}`)).toEqual([
      '70 idle',
      '5 active',
      '3 idle in transaction',
    ]);
    expect(groups).toMatchObject([{ applicationName: 'app' }]);
  });

  test("are unhealthy as in the guide's example", () => {
    const { verdict, states, remarks } = judge([
      group('idle in transaction', 60, 120),
      group('idle', 38, 500),
      group('active', 2, 0),
    ]);
    expect(verdict).toBe('fail');
    expect(states.map((state) => state.verdict)).toEqual(['fail', 'ok', 'ok']);
    expect(remarks.map(({ text }) => text)).toEqual([
      '60 connections are idle in transaction (limit 50): they are used up while nothing runs',
      'the longest has been idle in transaction for 2m00s (limit 5 s)',
    ]);
  });

  test('are nearly used up when the server has four fifths of what it may have', () => {
    expect(judge([], { serverConnections: 79 }).verdict).toBe('ok');
    expect(judge([], { serverConnections: 80 }).remarks[0]?.text).toBe(
      "80 of the server's 100 connections are taken (limit 80 %)",
    );
  });

  test('that are hidden are counted, with the grant', () => {
    expect(judge([], { hiddenSessions: 4 }).notes).toEqual([
      '4 sessions of other roles (run GRANT pg_monitor TO watcher)',
    ]);
  });
});
