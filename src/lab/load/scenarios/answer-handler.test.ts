import { expect, test } from 'vitest';
import { compileHandling } from './answer-handler.ts';
import type { JsonValue } from './json-value.ts';

test.each(['constructor', 'tostring', '__proto__'])(
  'a header %s that an answer lacks is not extracted',
  (name) => {
    const handle = compileHandling({ extract: [{ variable: 'taken', from: { kind: 'header', name } }] });
    const variables: Record<string, JsonValue> = {};
    const answered = { status: 200, headers: {}, text: () => '', json: () => undefined, tookMs: 1 };
    expect(handle?.(answered, variables)).toBe('extract taken');
    expect(variables).toEqual({});
  },
);
