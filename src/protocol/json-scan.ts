import { GaugewayError } from '../shared/errors.ts';

/**
 * A walk over JSON text that validates it (RFC 8259, exactly what JSON.parse accepts) and tells where the members
 * of an object lie, without building values. Messages are relayed by these spans, so that big numbers, the
 * order of keys and unknown fields arrive byte for byte as they were sent. All functions throw GaugewayError
 * parse_error at the first character that is not JSON.
 */

/** A text to walk over, and what speeds that up. */
export interface JsonText {
  readonly text: string;
  /** Neither escapes nor control characters are in it, so that each string ends at the next quote. */
  readonly isPlain: boolean;
}

/** Looks through the text once: far cheaper than looking at the characters of its strings one by one. */
export function jsonText(text: string): JsonText {
  return { text, isPlain: !backslashOrControl.test(text) };
}

/** Deeper nesting is refused: it serves no protocol message and would exhaust the stack. */
export const maxDepth = 512;

/**
 * Told the key (unescaped) of each member and where its value starts. It may walk the value itself and return
 * where it ended; returning undefined leaves that to the scanner.
 */
export type MemberVisitor = (key: string, valueStart: number) => number | undefined;

/** The members of the one object that is the whole text. */
export function scanDocument(json: JsonText, visit: MemberVisitor): void {
  const { text } = json;
  const start = skipSpace(text, 0);
  if (text.charCodeAt(start) !== openBrace) {
    const end = skipSpace(text, skipValue(json, start));
    if (end !== text.length) throw unexpected(text, end);
    throw new GaugewayError('invalid_request', 'one JSON object is expected, not a batch or a bare value');
  }
  const end = skipSpace(text, scanObject(json, start, visit, 1));
  if (end !== text.length) throw unexpected(text, end);
}

/** The members of the object that starts at `start`; returns where it ended. */
export function scanObject(json: JsonText, start: number, visit: MemberVisitor, depth = 1): number {
  const { text } = json;
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === closeBrace) return at + 1;
  for (;;) {
    const keyEnd = skipString(json, at);
    const key = keyAt(text, at, keyEnd);
    at = skipSpace(text, keyEnd);
    if (text.charCodeAt(at) !== colon) throw unexpected(text, at);
    at = skipSpace(text, at + 1);
    at = skipSpace(text, visit(key, at) ?? skipValue(json, at, depth));
    const code = text.charCodeAt(at);
    if (code === closeBrace) return at + 1;
    if (code !== comma) throw unexpected(text, at);
    at = skipSpace(text, at + 1);
  }
}

/** Where the value that starts at `start` ends. `depth` is how many objects and arrays surround it. */
export function skipValue(json: JsonText, start: number, depth = 0): number {
  const { text } = json;
  switch (text.charCodeAt(start)) {
    case quote:
      return skipString(json, start);
    case openBrace:
      return skipObject(json, start, deeper(depth));
    case openBracket:
      return skipArray(json, start, deeper(depth));
    case letterT:
      return skipLiteral(text, start, 'true');
    case letterF:
      return skipLiteral(text, start, 'false');
    case letterN:
      return skipLiteral(text, start, 'null');
    default:
      return skipNumber(text, start);
  }
}

/** Whether an object starts at `at`. */
export function isObjectAt(text: string, at: number): boolean {
  return text.charCodeAt(at) === openBrace;
}

/** Whether the object that starts at `at` has no members. */
export function isEmptyObjectAt(text: string, at: number): boolean {
  return text.charCodeAt(skipSpace(text, at + 1)) === closeBrace;
}

const quote = 0x22;
const colon = 0x3a;
const comma = 0x2c;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const letterT = 0x74;
const letterF = 0x66;
const letterN = 0x6e;
const letterU = 0x75;

function deeper(depth: number): number {
  if (depth >= maxDepth) throw new GaugewayError('parse_error', `JSON is nested deeper than ${maxDepth}`);
  return depth + 1;
}

function keyAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

const backslashOrControl = /[^ -[\]-\uffff]/;
/** Up to the end of a string, an escape or what must not be in it. */
const plainRun = /[ !#-[\]-\uffff]*/y;

function skipString({ text, isPlain }: JsonText, start: number): number {
  if (text.charCodeAt(start) !== quote) throw unexpected(text, start);
  if (isPlain) {
    const end = text.indexOf('"', start + 1);
    if (end === -1) throw unexpected(text, text.length);
    return end + 1;
  }
  let at = start + 1;
  for (;;) {
    plainRun.lastIndex = at;
    plainRun.test(text);
    at = plainRun.lastIndex;
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code !== backslash) throw unexpected(text, at);
    at = skipEscape(text, at);
  }
}

function skipEscape(text: string, start: number): number {
  const code = text.charCodeAt(start + 1);
  if (code === letterU) {
    for (let at = start + 2; at < start + 6; at += 1) {
      if (!/[0-9a-fA-F]/.test(text.charAt(at))) throw unexpected(text, at);
    }
    return start + 6;
  }
  if (!'"\\/bfnrt'.includes(text.charAt(start + 1)) || start + 1 >= text.length) {
    throw unexpected(text, start + 1);
  }
  return start + 2;
}

function skipObject(json: JsonText, start: number, depth: number): number {
  const { text } = json;
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === closeBrace) return at + 1;
  for (;;) {
    at = skipSpace(text, skipString(json, at));
    if (text.charCodeAt(at) !== colon) throw unexpected(text, at);
    at = skipSpace(text, skipValue(json, skipSpace(text, at + 1), depth));
    const code = text.charCodeAt(at);
    if (code === closeBrace) return at + 1;
    if (code !== comma) throw unexpected(text, at);
    at = skipSpace(text, at + 1);
  }
}

function skipArray(json: JsonText, start: number, depth: number): number {
  const { text } = json;
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === closeBracket) return at + 1;
  for (;;) {
    at = skipSpace(text, skipValue(json, at, depth));
    const code = text.charCodeAt(at);
    if (code === closeBracket) return at + 1;
    if (code !== comma) throw unexpected(text, at);
    at = skipSpace(text, at + 1);
  }
}

function skipLiteral(text: string, start: number, literal: string): number {
  if (!text.startsWith(literal, start)) throw unexpected(text, start);
  return start + literal.length;
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function skipNumber(text: string, start: number): number {
  number.lastIndex = start;
  if (!number.test(text)) throw unexpected(text, start);
  return number.lastIndex;
}

function unexpected(text: string, at: number): GaugewayError {
  const what = at >= text.length ? 'it ends too early' : `unexpected character at position ${at}`;
  return new GaugewayError('parse_error', `this is not valid JSON: ${what}`);
}
