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

  test('stay bounded however many names there are', () => {
    const keys = Array.from({ length: 5000 }, (_, at) => word(at));
    expect(Object.keys(countsOf(keys))).toEqual(['*']);
    const nested = countsOf(keys.map((name) => `app:${name}:state`));
    expect(Object.keys(nested).length).toBeLessThan(600);
    expect(Object.values(nested).reduce((sum, count) => sum + count, 0)).toBe(5000);
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
