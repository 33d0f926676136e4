import { GaugewayError } from '../shared/errors.ts';
import { isObjectAt, jsonText, scanDocument, scanObject, skipValue } from './json-scan.ts';

/** One JSON-RPC message from a server, with what a relay must know of it; the payload stays text. */
export type ServerMessage =
  | ServerAnswer
  | { readonly kind: 'notification' | 'request'; readonly method: string; readonly idJson: string };

export interface ServerAnswer {
  readonly kind: 'answer';
  /** JSON text of the id. */
  readonly idJson: string;
  readonly member: 'result' | 'error';
  /** JSON text of that member, byte for byte. */
  readonly json: string;
  /** `result.isError` is true: the tool failed. */
  readonly isError: boolean;
  /** JSON text of `result.resultType`; undefined from servers of the legacy era. */
  readonly resultTypeJson: string | undefined;
  /** Undefined for a result. */
  readonly error: AnsweredError | undefined;
}

/** What an error says of itself, taken in passing: its `data` may be megabytes, and is only relayed. */
export interface AnsweredError {
  /** Undefined when it is no integer, which JSON-RPC wants it to be. */
  readonly code: number | undefined;
  /** Undefined when it is no text, or a longer one than `maxMessageLength`. */
  readonly message: string | undefined;
}

/** Characters of JSON text; a message is meant to be one sentence (JSON-RPC 2.0, section 5.1). */
const maxMessageLength = 64 * 1024;
/** The longest safe integer with its sign is shorter. */
const maxCodeLength = 20;

/** Reads one message of an upstream. Throws GaugewayError upstream_invalid on anything else. */
export function parseServerMessage(text: string): ServerMessage {
  let idJson: string | undefined;
  let method: string | undefined;
  let member: 'result' | 'error' | undefined;
  let wellFormed = true;
  let json = '';
  let isError = false;
  let resultTypeJson: string | undefined;
  let code: number | undefined;
  let message: string | undefined;

  const source = jsonText(text);
  const visitResult = (key: string, start: number): number | undefined => {
    if (key === 'isError') {
      isError = text.startsWith('true', start);
    } else if (key === 'resultType') {
      const end = skipValue(source, start, 2);
      resultTypeJson = text.slice(start, end);
      return end;
    }
    return undefined;
  };
  const visitError = (key: string, start: number): number | undefined => {
    if (key !== 'code' && key !== 'message') return undefined;
    const end = skipValue(source, start, 2);
    const maxLength = key === 'code' ? maxCodeLength : maxMessageLength;
    const value: unknown = end - start > maxLength ? undefined : JSON.parse(text.slice(start, end));
    if (key === 'code') code = typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
    else message = typeof value === 'string' ? value : undefined;
    return end;
  };

  try {
    scanDocument(source, (key, start) => {
      if (key === 'result' || key === 'error') {
        // Some servers name the member that they do not give.
        if (text.startsWith('null', start)) return undefined;
        wellFormed = member === undefined && isObjectAt(text, start);
        const visit = key === 'result' ? visitResult : visitError;
        const end = wellFormed ? scanObject(source, start, visit, 2) : skipValue(source, start, 1);
        member = key;
        json = text.slice(start, end);
        return end;
      }
      if (key !== 'id' && key !== 'method') return undefined;
      const end = skipValue(source, start, 1);
      if (key === 'id') idJson = text.slice(start, end);
      else method = String(JSON.parse(text.slice(start, end)));
      return end;
    });
  } catch (cause) {
    throw new GaugewayError('upstream_invalid', 'the upstream answered with something that is not JSON', {
      cause,
    });
  }
  if (method !== undefined) {
    return { kind: idJson === undefined ? 'notification' : 'request', method, idJson: idJson ?? 'null' };
  }
  // One of the two, and an object (JSON-RPC 2.0, section 5; every result and error of MCP is one).
  if (member === undefined || !wellFormed) {
    throw new GaugewayError('upstream_invalid', 'the upstream answered with JSON that is not JSON-RPC');
  }
  const error = member === 'error' ? { code, message } : undefined;
  return { kind: 'answer', idJson: idJson ?? 'null', member, json, isError, resultTypeJson, error };
}
