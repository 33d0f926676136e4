import type { Span } from './client-message.ts';
import { isEmptyObjectAt, jsonText, scanObject, skipValue } from './json-scan.ts';

/** Puts members at the front of the object that starts at `start`. */
export function insertMembers(json: string, start: number, members: string): string {
  const separator = isEmptyObjectAt(json, start) ? '' : ',';
  return json.slice(0, start + 1) + members + separator + json.slice(start + 1);
}

/** Where the values of the members called `name` lie in the object that starts at `start`. */
export function valuesOf(json: string, start: number, name: string): Span[] {
  const found: Span[] = [];
  const text = jsonText(json);
  scanObject(text, start, (key, at) => {
    if (key !== name) return undefined;
    const end = skipValue(text, at, 1);
    found.push({ start: at, end });
    return end;
  });
  return found;
}
