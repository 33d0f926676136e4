import { describe, expect, test } from 'vitest';
import { KeyPatterns, maskKey } from './key-pattern.ts';

describe('a masked key', () => {
  test.for([
    ['mcpgw:auth:ctx:alice@example.org:7f3c2e10', 'mcpgw:auth:ctx:*:*'],
    ['mcpgw:registry:tools:d41d8cd98f00b204e9800998ecf8427e', 'mcpgw:registry:tools:*'],
    ['session:9b2d0c1e-8a4f-4d1c-9b1e-0a2b3c4d5e6f:data', 'session:*:data'],
    ['user:42:cart:7', 'user:*:cart:*'],
    ['token:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl', 'token:*'],
    ['idempotency:V1StGXR8Z5jdHi6BmyTabc', 'idempotency:*'],
    ['mcpgw:tool_lookup:get-system-time', 'mcpgw:tool_lookup:get-system-time'],
    ['mcpgw:primary_worker', 'mcpgw:primary_worker'],
    ['feedback', 'feedback'],
  ])('of %s is %s', ([key, masked]) => {
    expect(maskKey(key ?? '')).toBe(masked);
  });
});

describe('patterns of keys', () => {
  test('are one where more than five names stand under a prefix', () => {
    expect(countsOf(['echo', 'time', 'search', 'fetch', 'ask'].map((name) => `tool:${name}`))).toEqual({
      'tool:echo': 1,
      'tool:time': 1,
      'tool:search': 1,
      'tool:fetch': 1,
      'tool:ask': 1,
    });
    expect(
      countsOf(['echo', 'time', 'search', 'fetch', 'ask', 'tell', 'echo'].map((name) => `tool:${name}`)),
    ).toEqual({ 'tool:*': 7 });
  });

  test('are one where many parts before the last differ, as names of people do', () => {
    const people = Array.from({ length: 5000 }, (_, at) => word(at));
    expect(countsOf(people.map((name) => `${name}:session`))).toEqual({ '*:session': 5000 });
    expect(countsOf(people.map((name) => `app:${name}:state`))).toEqual({ 'app:*:state': 5000 });
    expect(countsOf(people.slice(0, 6).map((name) => `${name}:session`))).toEqual({ '*:session': 6 });
  });

  test('keep the words of an application', () => {
    const keys = [
      'auth:ctx:1',
      'auth:team:2',
      'registry:tools:3',
      'lookup:4',
      'lock',
      'stats:calls',
      'stats:errors',
    ];
    expect(Object.keys(countsOf(keys)).toSorted()).toEqual(
      keys.map((key) => key.replace(/\d/, '*')).toSorted(),
    );
  });

  test('stay bounded however many names there are', () => {
    const names = Array.from({ length: 5000 }, (_, at) => word(at));
    expect(countsOf(names)).toEqual({ '*': 5000 });
    for (const keys of [
      names.map((name, at) => `${word(at % 40)}:${word(at % 49)}:${word(at % 47)}:${name}`),
      names.map((name, at) => `${name}:${word(at % 7)}:${word(at % 11)}:${word(at % 13)}`),
      names.map((name) => Array.from(name.repeat(30)).join(':')),
      names.map((name) => `app:${name.repeat(2000)}`),
    ]) {
      const counts = countsOf(keys);
      expect(Object.keys(counts).length).toBeLessThan(600);
      expect(Object.keys(counts).every((pattern) => pattern.length < 400)).toBe(true);
      expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(5000);
    }
  });
});

/** Another word for each number, without a digit. */
function word(at: number): string {
  return Array.from(at.toString(26))
    .map((digit) => 'abcdefghijklmnopqrstuvwxyz'[Number.parseInt(digit, 26)])
    .join('');
}

function countsOf(keys: readonly string[]): Record<string, number> {
  const patterns = new KeyPatterns(
    () => ({ count: 0 }),
    (into, from) => {
      into.count += from.count;
    },
  );
  for (const key of keys) patterns.of(key).count += 1;
  return Object.fromEntries(patterns.entries().map(([pattern, { count }]) => [pattern, count]));
}
