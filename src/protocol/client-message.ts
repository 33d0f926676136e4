import { GaugewayError } from '../shared/errors.ts';
import { isObjectAt, scanDocument, scanObject, skipValue } from './json-scan.ts';
import { isRecord } from './record.ts';

/** Where a value lies in the text of a message. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * One JSON-RPC message from a client, located but not rebuilt: `text` is kept, and everything that is relayed
 * is cut out of it.
 */
export interface ClientMessage {
  readonly kind: 'request' | 'notification' | 'response';
  /** Empty for a response. */
  readonly method: string;
  /** JSON text of the id; `null` without one. */
  readonly idJson: string;
  readonly text: string;
  /** The `params` object; undefined when absent. */
  readonly params: Span | undefined;
  /** Values of the members of `params` that decide where a message goes. */
  readonly routing: { readonly [K in RoutingKey]?: Span };
}

export const routingKeys = ['name', 'uri', '_meta', 'cursor', 'protocolVersion'] as const;
export type RoutingKey = (typeof routingKeys)[number];

/**
 * Reads one message. Throws GaugewayError parse_error when the text is not JSON, invalid_request when it is
 * not one JSON-RPC 2.0 message. A member that decides routing may occur only once: a gateway and a server that
 * each obey another of two `name`s is how policies are bypassed.
 */
export function parseClientMessage(text: string): ClientMessage {
  const top: { [key: string]: Span } = {};
  const routing: { [K in RoutingKey]?: Span } = {};
  let paramsIsObject = false;
  if (/^[\t\n\r ]*\[/.test(text)) invalid('batches are not part of this protocol');

  scanDocument(text, (key, start) => {
    if (!topLevelKeys.has(key)) return undefined;
    if (top[key] !== undefined) invalid(`${key} occurs twice`);
    let end: number;
    if (key === 'params' && isObjectAt(text, start)) {
      paramsIsObject = true;
      end = scanObject(
        text,
        start,
        (member, at) => {
          if (!isRoutingKey(member)) return undefined;
          if (routing[member] !== undefined) invalid(`params.${member} occurs twice`);
          const memberEnd = skipValue(text, at, 2);
          routing[member] = { start: at, end: memberEnd };
          return memberEnd;
        },
        2,
      );
    } else {
      end = skipValue(text, start, 1);
    }
    top[key] = { start, end };
    return end;
  });

  const idJson = top['id'] === undefined ? undefined : cut(text, top['id']);
  if (top['jsonrpc'] === undefined || stringAt(text, top['jsonrpc']) !== '2.0')
    invalid('jsonrpc must be "2.0"');
  if (idJson !== undefined && !/^(?:"|-?[0-9])/.test(idJson)) invalid('id must be a string or a number');
  if (top['method'] === undefined) {
    if (idJson === undefined || (top['result'] ?? top['error']) === undefined) invalid('method is missing');
    return { kind: 'response', method: '', idJson: idJson ?? 'null', text, params: undefined, routing };
  }
  const method = stringAt(text, top['method']);
  if (method === undefined) invalid('method must be a string');
  if (top['params'] !== undefined && !paramsIsObject) invalid('params must be an object');
  const kind = idJson === undefined ? 'notification' : 'request';
  return { kind, method, idJson: idJson ?? 'null', text, params: top['params'], routing };
}

/** The value of a routing member when it is a string. */
export function stringParam(message: ClientMessage, key: RoutingKey): string | undefined {
  const span = message.routing[key];
  return span === undefined ? undefined : stringAt(message.text, span);
}

/** `params._meta`, parsed: it is small, and the protocol's own. */
export function metaOf(message: ClientMessage): Readonly<Record<string, unknown>> | undefined {
  const span = message.routing['_meta'];
  if (span === undefined) return undefined;
  const meta: unknown = JSON.parse(cut(message.text, span));
  return isRecord(meta) ? meta : undefined;
}

/** JSON text of `params` with the value at `span` replaced by `replacement` (JSON text); `{}` without params. */
export function paramsWith(message: ClientMessage, span: Span | undefined, replacement: string): string {
  const { text, params } = message;
  if (params === undefined) return '{}';
  if (span === undefined) return cut(text, params);
  return text.slice(params.start, span.start) + replacement + text.slice(span.end, params.end);
}

const topLevelKeys = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
const routingKeySet: ReadonlySet<string> = new Set(routingKeys);

function isRoutingKey(key: string): key is RoutingKey {
  return routingKeySet.has(key);
}

function cut(text: string, span: Span): string {
  return text.slice(span.start, span.end);
}

function stringAt(text: string, span: Span): string | undefined {
  if (text.charCodeAt(span.start) !== 0x22) return undefined;
  const raw = text.slice(span.start + 1, span.end - 1);
  return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
}

function invalid(reason: string): never {
  throw new GaugewayError('invalid_request', `not a JSON-RPC 2.0 message: ${reason}`);
}
