import { describe, expect, test } from 'vitest';
import { jsonText, maxDepth, scanDocument, scanObject, skipValue } from './json-scan.ts';

/** Members of the outermost object as the scanner locates them: key and JSON text of the value. */
function members(text: string): [string, string][] {
  const found: [string, string][] = [];
  const json = jsonText(text);
  scanDocument(json, (key, start) => {
    const end = skipValue(json, start, 1);
    found.push([key, text.slice(start, end)]);
    return end;
  });
  return found;
}

/** A small generator with a fixed seed (mulberry32), so that a failure repeats. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const strings = [
  '""',
  '"a"',
  '"\\""',
  '"\\\\"',
  '"\\\\\\""',
  '"}"',
  '"{\\"a\\":[1,"',
  '"\\u0000\\ud83d\\ude00"',
  '"\\ud800"',
  '"日本語 😀"',
  '"a\u2028b"',
  '"/\\/\\b\\f\\n\\r\\t"',
];
const numbers = [
  '0',
  '-0',
  '1',
  '-12.5e+10',
  '9007199254740993',
  '123456789012345678901234567890',
  '1E400',
  '0.1e-7',
];
const spaces = ['', '', '', ' ', '\n', '\t\r\n '];

function randomJson(random: () => number, depth: number): string {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? '';
  const kind = Math.floor(random() * (depth > 0 ? 6 : 4));
  const count = Math.floor(random() * 4);
  const space = (): string => pick(spaces);
  if (kind === 0) return pick(strings);
  if (kind === 1) return pick(numbers);
  if (kind === 2) return pick(['true', 'false', 'null']);
  if (kind === 3) return pick(['{}', '[]', '{ }', '[ ]']);
  const items = Array.from({ length: count }, () => {
    const value = space() + randomJson(random, depth - 1) + space();
    return kind === 4 ? value : `${space()}${pick(strings)}${space()}:${value}`;
  });
  return kind === 4 ? `[${items.join(',')}]` : `{${items.join(',')}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function scans(text: string): boolean {
  try {
    scanDocument(jsonText(text), () => undefined);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'parse_error' });
    return false;
  }
}

describe('the scanner agrees with JSON.parse', () => {
  test('about where the members of random objects lie', () => {
    const random = randomSource(1);
    for (let round = 0; round < 2_000; round += 1) {
      const text = `{"first":${randomJson(random, 4)} , "last" :${randomJson(random, 3)}}`;
      const found = members(text);
      expect(found.map(([key]) => key)).toEqual(['first', 'last']);
      const rebuilt = Object.fromEntries(found.map(([key, json]) => [key, JSON.parse(json)]));
      expect(rebuilt).toEqual(JSON.parse(text));
    }
  });

  test('about what is JSON, for texts with one character changed, lost or added', () => {
    const random = randomSource(2);
    const alphabet = '{}[]:,"\\ \n\t0123456789.eE+-truefalsn\u0000\u001f\u00a0u/';
    let broken = 0;
    for (let round = 0; round < 20_000; round += 1) {
      const text = `{"a":${randomJson(random, 3)}}`;
      const at = Math.floor(random() * text.length);
      const character = alphabet[Math.floor(random() * alphabet.length)] ?? '';
      const removed = Math.floor(random() * 2);
      const mutated = text.slice(0, at) + (random() < 0.8 ? character : '') + text.slice(at + removed);
      if (!mutated.startsWith('{')) continue;
      const valid = isJson(mutated);
      if (!valid) broken += 1;
      expect(scans(mutated), mutated).toBe(valid);
    }
    expect(broken).toBeGreaterThan(1_000);
  });
});

describe('members', () => {
  test('come in their order, repeated ones too', () => {
    expect(members('{"b":1,"a":2,"b":3}')).toEqual([
      ['b', '1'],
      ['a', '2'],
      ['b', '3'],
    ]);
  });

  test('keep their text: big numbers, escapes and blanks inside', () => {
    const value = '{ "n" : 123456789012345678901234567890, "s":"\\u00e9\\/" }';
    expect(members(`{"x": ${value} }`)).toEqual([['x', value]]);
  });

  test('are found under an escaped key', () => {
    expect(members('{"n\\u0061me":"x"}')).toEqual([['name', '"x"']]);
  });

  test('may be walked by the visitor itself', () => {
    const json = jsonText('{"params":{"name":"echo","arguments":{}},"id":7}');
    const inner: string[] = [];
    const outer: string[] = [];
    scanDocument(json, (key, start) => {
      outer.push(key);
      if (key !== 'params') return undefined;
      return scanObject(json, start, (member) => {
        inner.push(member);
        return undefined;
      });
    });
    expect([outer, inner]).toEqual([
      ['params', 'id'],
      ['name', 'arguments'],
    ]);
  });
});

test.each([
  '',
  ' ',
  '{',
  '{"a"',
  '{"a":',
  '{"a":1',
  '{"a":1,',
  '{"a":1}x',
  '{"a":"\n"}',
  "{'a':1}",
  '{"a":"\\x"}',
])('%j is refused', (text) => {
  expect(() => scanDocument(jsonText(text), () => undefined)).toThrow(
    expect.objectContaining({ code: 'parse_error' }),
  );
});

test('what is JSON but no object is an invalid request', () => {
  for (const text of ['[]', '1', '"x"', ' null ']) {
    expect(() => scanDocument(jsonText(text), () => undefined)).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  }
});

const nested = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;

test('nesting is bounded, so that no body can exhaust the stack', () => {
  expect(scans(nested(maxDepth - 2))).toBe(true);
  expect(scans(nested(1_000_000))).toBe(false);
});
