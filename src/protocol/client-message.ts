import { GaugewayError } from '../shared/errors.ts';
import { isObjectAt, jsonText, scanDocument, scanObject, skipValue } from './json-scan.ts';
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
  readonly routing: Readonly<Record<RoutingKey, Span | undefined>>;
  /** `params._meta`, parsed, since it is the protocol's own; undefined when absent or not an object. */
  readonly meta: Readonly<Record<string, unknown>> | undefined;
}

export const routingKeys = ['name', 'uri', '_meta', 'cursor', 'protocolVersion'] as const;
export type RoutingKey = (typeof routingKeys)[number];

/**
 * Reads one message. Throws GaugewayError parse_error when the text is not JSON, invalid_request when it is
 * not one JSON-RPC 2.0 message. A member that decides routing may occur only once: a gateway and a server that
 * each obey another of two `name`s is how policies are bypassed.
 */
export function parseClientMessage(text: string): ClientMessage {
  const top: TopLevel = {
    jsonrpc: undefined,
    id: undefined,
    method: undefined,
    params: undefined,
    result: undefined,
    error: undefined,
  };
  const routing: Routing = {
    name: undefined,
    uri: undefined,
    _meta: undefined,
    cursor: undefined,
    protocolVersion: undefined,
  };
  const json = jsonText(text);
  const visitParam = (name: string, start: number): number | undefined => {
    const key = oneOf(routingKeys, name);
    if (key === undefined) return undefined;
    if (routing[key] !== undefined) invalid(`params.${key} occurs twice`);
    const end = skipValue(json, start, 2);
    routing[key] = { start, end };
    return end;
  };
  scanDocument(json, (name, start) => {
    const key = oneOf(topLevelKeys, name);
    if (key === undefined) return undefined;
    if (top[key] !== undefined) invalid(`${key} occurs twice`);
    const end =
      key === 'params' && isObjectAt(text, start)
        ? scanObject(json, start, visitParam, 2)
        : skipValue(json, start, 1);
    top[key] = { start, end };
    return end;
  });
  return {
    ...envelopeOf(text, top),
    text,
    params: top.params,
    routing,
    meta: metaAt(text, routing['_meta']),
  };
}

function envelopeOf(text: string, top: TopLevel): Pick<ClientMessage, 'kind' | 'method' | 'idJson'> {
  const idJson = top.id === undefined ? undefined : cut(text, top.id);
  if (top.jsonrpc === undefined || stringAt(text, top.jsonrpc) !== '2.0') invalid('jsonrpc must be "2.0"');
  if (idJson !== undefined && !/^["\-0-9]/.test(idJson)) invalid('id must be a string or a number');
  if (top.method === undefined) {
    if (idJson === undefined || (top.result ?? top.error) === undefined) invalid('method is missing');
    return { kind: 'response', method: '', idJson };
  }
  const method = stringAt(text, top.method);
  if (method === undefined) invalid('method must be a string');
  if (top.params !== undefined && !isObjectAt(text, top.params.start)) invalid('params must be an object');
  return idJson === undefined
    ? { kind: 'notification', method, idJson: 'null' }
    : { kind: 'request', method, idJson };
}

/** The value of a routing member when it is a string. */
export function stringParam(message: ClientMessage, key: RoutingKey): string | undefined {
  const span = message.routing[key];
  return span === undefined ? undefined : stringAt(message.text, span);
}

/** JSON text of `params` with the value at `span` replaced by `replacement` (JSON text); `{}` without params. */
export function paramsWith(message: ClientMessage, span: Span | undefined, replacement: string): string {
  const { text, params } = message;
  if (params === undefined) return '{}';
  if (span === undefined) return cut(text, params);
  return text.slice(params.start, span.start) + replacement + text.slice(span.end, params.end);
}

function metaAt(text: string, span: Span | undefined): ClientMessage['meta'] {
  if (span === undefined) return undefined;
  const meta: unknown = JSON.parse(cut(text, span));
  return isRecord(meta) ? meta : undefined;
}

const topLevelKeys = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'] as const;
type TopLevel = Record<(typeof topLevelKeys)[number], Span | undefined>;
type Routing = Record<RoutingKey, Span | undefined>;

/** The known key that `name` is. Comparing is cheaper than hashing a string that was just cut out. */
function oneOf<Key extends string>(known: readonly Key[], name: string): Key | undefined {
  for (const key of known) if (key === name) return key;
  return undefined;
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
