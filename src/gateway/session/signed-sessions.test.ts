import { expect, test } from 'vitest';
import { createSignedSessions } from './signed-sessions.ts';

const who = { protocolVersion: '2025-11-25', subject: 'alice', scopeId: '*' };

test('a session is found by its principal, at its endpoint', () => {
  const sessions = createSignedSessions({ secret: 's', nowMs: () => 0 });
  const { id } = sessions.create(who);
  expect(id).toMatch(/^[\x21-\x7e]+$/);
  expect(sessions.find(id, 'alice', '*')).toMatchObject(who);
  expect(sessions.find(id, 'bob', '*')).toBeUndefined();
  expect(sessions.find(id, 'alice', 'server-1')).toBeUndefined();
});

test('a session outlives the gateway that opened it, with those who know the secret', () => {
  const { id } = createSignedSessions({ secret: 's', nowMs: () => 0 }).create(who);
  expect(createSignedSessions({ secret: 's', nowMs: () => 1 }).find(id, 'alice', '*')).toMatchObject(who);
  expect(createSignedSessions({ secret: 'x', nowMs: () => 1 }).find(id, 'alice', '*')).toBeUndefined();
});

test('no part of an id can be changed', () => {
  const { id } = createSignedSessions({ secret: 's', nowMs: () => 0 }).create(who);
  const other = createSignedSessions({ secret: 's', nowMs: () => 0 });
  for (let at = 0; at < id.length; at += 1) {
    const replaced = id[at] === '1' ? '2' : '1';
    const forged = id.slice(0, at) + replaced + id.slice(at + 1);
    expect(other.find(forged, 'alice', '*'), forged).toBeUndefined();
  }
  expect(other.find('', 'alice', '*')).toBeUndefined();
});

test('an ended session does not live on under another spelling of its id', () => {
  const sessions = createSignedSessions({ secret: 's', nowMs: () => 0 });
  const { id } = sessions.create(who);
  sessions.end(id, 'alice', '*');
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spellings = Array.from(digits, (digit) => id.slice(0, -1) + digit);
  expect(spellings.filter((each) => sessions.find(each, 'alice', '*') !== undefined)).toEqual([]);
});

test('a session expires', () => {
  let nowMs = 1_000;
  const sessions = createSignedSessions({ secret: 's', nowMs: () => nowMs, lifeMs: 500 });
  const { id } = sessions.create(who);
  nowMs = 1_499;
  expect(sessions.find(id, 'alice', '*')).toBeDefined();
  nowMs = 1_500;
  expect(sessions.find(id, 'alice', '*')).toBeUndefined();
});

test('an ended session is gone, and only its principal can end it', () => {
  const sessions = createSignedSessions({ secret: 's', nowMs: () => 0 });
  const { id } = sessions.create(who);
  expect(sessions.end(id, 'bob', '*')).toBeUndefined();
  expect(sessions.end(id, 'alice', '*')).toMatchObject({ id });
  expect(sessions.find(id, 'alice', '*')).toBeUndefined();
  expect(sessions.end(id, 'alice', '*')).toBeUndefined();
});

test('memory is bounded, and what was forgotten proves itself again', () => {
  const sessions = createSignedSessions({ secret: 's', nowMs: () => 0, maxRemembered: 2 });
  const ids = Array.from({ length: 10 }, () => sessions.create(who).id);
  expect(ids.map((id) => sessions.find(id, 'alice', '*')?.id)).toEqual(ids);
});
