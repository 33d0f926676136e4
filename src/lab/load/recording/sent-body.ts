import { isRecord } from '../../../protocol/record.ts';
import { parseJson } from '../parse-json.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { HttpBody } from '../scenarios/scenario.ts';
import { isSecret } from '../secret-values.ts';
import { essence } from './har-file.ts';
import type { SentBody } from './har-file.ts';
import { mayHoldSecret } from './request-secrets.ts';

/** The most that a scenario takes for a text. */
const maxTextLength = 16_384;
const maxJsonLength = 65_536;
const maxJsonDepth = 32;

/** A recorded body as a scenario has it, with the content type that its kind does not say; or why it cannot be sent. */
export type BodyOutcome = { body?: HttpBody; contentType?: string } | { reason: string };

/** Reads a body of JSON, a form or text. */
export function readSentBody(sent: SentBody | undefined): BodyOutcome {
  if (sent === undefined) return {};
  const type = essence(sent.mimeType);
  if (type.startsWith('multipart/') || sent.fields?.some(({ isFile }) => isFile) === true) {
    return { reason: 'its body has several parts or files' };
  }
  if (type === 'application/x-www-form-urlencoded') return readForm(sent);
  const { text } = sent;
  if (text === undefined || text.includes('\uFFFD') || /\0/.test(text))
    return { reason: 'its body is no text' };
  if (isJsonType(type) || (type === '' && /^\s*[[{]/.test(text))) {
    if (text.length > maxJsonLength) return { reason: `its body is over ${maxJsonLength} characters` };
    const value = parseJson(text);
    if (value !== undefined) {
      if (!isShallow(value)) return { reason: `its body is nested more than ${maxJsonDepth} deep` };
      return {
        body: { kind: 'json', value },
        ...(type === 'application/json' || type === '' ? {} : { contentType: sent.mimeType }),
      };
    }
  }
  if (text.length > maxTextLength) return { reason: `its body is over ${maxTextLength} characters` };
  if (text === '') return {};
  if (mayHoldSecret(text)) return { reason: 'its body is text that may hold a secret' };
  return { body: { kind: 'text', text }, ...(type === '' ? {} : { contentType: sent.mimeType }) };
}

/** Whether a media type says that a body is JSON. */
export function isJsonType(type: string): boolean {
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

/** Whether a value is nested no deeper than a scenario may be. */
export function isShallow(value: unknown, depth = maxJsonDepth): boolean {
  if (!Array.isArray(value) && !isRecord(value)) return true;
  return depth > 0 && Object.values<unknown>(value).every((member) => isShallow(member, depth - 1));
}

/** The text is read where there is one: browsers differ in how they encode the fields beside it. */
function readForm({ text, fields = [] }: SentBody): BodyOutcome {
  const pairs =
    text === undefined
      ? fields.map(({ name, value }): [string, string] => [name, value])
      : [...new URLSearchParams(text)];
  const whole = new URLSearchParams(pairs).toString();
  if (whole.length > maxTextLength) return { reason: `its body is over ${maxTextLength} characters` };
  const byName = new Map(pairs);
  if (byName.size === pairs.length) return { body: { kind: 'form', fields: Object.fromEntries(byName) } };
  if (pairs.some(([name, value]) => isSecret(name, value)))
    return { reason: 'its form may hold a secret, in fields that are there twice' };
  // A field that is there twice has no place among fields by name.
  return { body: { kind: 'text', text: whole }, contentType: 'application/x-www-form-urlencoded' };
}

/** An answer as JSON, where it was recorded as such and is small enough to be searched. */
export function readAnswer(mimeType: string, text: string | undefined): JsonValue {
  if (text === undefined || text.length > 4 * 1024 * 1024 || !isJsonType(mimeType)) return undefined;
  const value = parseJson(text);
  return isShallow(value) ? value : undefined;
}
