import type { JsonValue } from './scenarios/json-value.ts';

/** What a text of JSON holds; undefined where it is no JSON. */
export function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
