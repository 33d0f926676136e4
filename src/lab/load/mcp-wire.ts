import { isRecord } from '../../protocol/record.ts';
import type { Era } from './load-plan.ts';
import { parseJson } from './parse-json.ts';
import type { HttpAnswer, HttpFailure } from './http-target.ts';

/**
 * MCP over Streamable HTTP as its clients speak it, by hand and pure: the meter shares no client code with
 * what it measures. Sources: the specification's transports pages, revisions 2025-11-25 and 2026-07-28.
 */
const protocolVersions = { legacy: '2025-11-25', modern: '2026-07-28' } as const satisfies Record<
  Era,
  string
>;

/** By which a target's logs tell the load from others. */
const userAgent = 'gaugeway-load';
const clientInfo = { name: userAgent, version: '1' };
const envelopeKey = 'io.modelcontextprotocol';

/** One MCP message to send: `params` is JSON, written once and sent many times. */
export interface McpMessage {
  method: string;
  params: string;
  /** Mirrored in `Mcp-Name` by the modern era (the tool's name). */
  mcpName?: string;
}

/** What a session agreed on; modern requests have no session id. */
export interface McpSession {
  sessionId: string | undefined;
  protocolVersion: string;
}

/** The era's way to say what every client says; each message belongs to that era only. */
export interface Wire {
  readonly era: Era;
  readonly protocolVersion: string;
  /** First request of a client: `initialize`, or `server/discover`. */
  readonly hello: McpMessage;
  message(method: string, params?: Record<string, unknown>, mcpName?: string): McpMessage;
  headers(message: McpMessage, session: McpSession | undefined): Record<string, string>;
}

/** The wire of one era; `token` goes into every request. */
export function createWire(era: Era, token: string | undefined): Wire {
  const fixed: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'user-agent': userAgent,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return era === 'legacy' ? legacyWire(fixed) : modernWire(fixed);
}

function legacyWire(fixed: Record<string, string>): Wire {
  const protocolVersion = protocolVersions.legacy;
  return {
    era: 'legacy',
    protocolVersion,
    hello: {
      method: 'initialize',
      params: JSON.stringify({ protocolVersion, capabilities: {}, clientInfo }),
    },
    message: (method, params = {}) => ({ method, params: JSON.stringify(params) }),
    headers: (_message, session) => {
      const headers = { ...fixed };
      if (session !== undefined) headers['mcp-protocol-version'] = session.protocolVersion;
      if (session?.sessionId !== undefined) headers['mcp-session-id'] = session.sessionId;
      return headers;
    },
  };
}

function modernWire(fixed: Record<string, string>): Wire {
  const protocolVersion = protocolVersions.modern;
  const envelope = {
    [`${envelopeKey}/protocolVersion`]: protocolVersion,
    [`${envelopeKey}/clientCapabilities`]: {},
    [`${envelopeKey}/clientInfo`]: clientInfo,
  };
  const message: Wire['message'] = (method, params = {}, mcpName) => ({
    method,
    params: JSON.stringify({ ...params, _meta: envelope }),
    ...(mcpName === undefined ? {} : { mcpName }),
  });
  return {
    era: 'modern',
    protocolVersion,
    hello: message('server/discover'),
    message,
    headers: ({ method, mcpName }) => {
      const headers = { ...fixed, 'mcp-protocol-version': protocolVersion, 'mcp-method': method };
      return mcpName === undefined ? headers : Object.assign(headers, { 'mcp-name': headerValue(mcpName) });
    },
  };
}

/** Values that are not plain visible ASCII travel as base64 (2026-07-28, header encoding). */
function headerValue(value: string): string {
  const safe = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^=\?base64\?.*\?=$/i.test(value);
  return safe ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`;
}

/** The body of a request, or of a notification when there is no `id`. */
export function bodyOf(message: McpMessage, id: number | undefined): string {
  const idPart = id === undefined ? '' : `,"id":${id}`;
  return `{"jsonrpc":"2.0"${idPart},"method":"${message.method}","params":${message.params}}`;
}

/** How an exchange went: a result, or the kind of failure with the peer's own words, cut short. */
export type Judgement =
  | { failure?: never; result: Record<string, unknown> }
  | { failure: string; detail: string; jsonRpcCode?: number; sessionLost?: boolean };

const maxDetailLength = 200;

/** Whether an event of a stream is the response to the request `id`. */
export function isResponseTo(id: number, data: string): boolean {
  const message = parseObject(data);
  return message?.['id'] === id && ('result' in message || 'error' in message);
}

/** Judges the answer to the request `id`. A tool's own failure (`isError`) is one too, under that name. */
export function judgeResponse(outcome: HttpAnswer | HttpFailure, id: number, hadSession: boolean): Judgement {
  if ('failure' in outcome) return { failure: outcome.failure, detail: '' };
  const { status, body } = outcome;
  const message = body === null ? undefined : parseObject(body);
  if (status < 200 || status > 299) return judgeRefusal(status, message, hadSession);
  if (message === undefined) return malformed(describeBody(body));
  if (message['jsonrpc'] !== '2.0') return malformed('not JSON-RPC 2.0');
  const error = message['error'];
  // A server that could not read the request knows no id (JSON-RPC 2.0, section 5).
  const answersThis = message['id'] === id || (error !== undefined && message['id'] === null);
  if (!answersThis) return malformed('the id of another request');
  if (error !== undefined) {
    const jsonRpcCode = codeOf(error);
    if (jsonRpcCode === undefined) return malformed('an error without a code');
    return { failure: `json-rpc ${jsonRpcCode}`, detail: wordsOf(message), jsonRpcCode };
  }
  const result = asObject(message['result']);
  if (result === undefined) return malformed('neither a result nor an error');
  if (result['isError'] === true) return { failure: 'isError', detail: textOf(result) };
  const resultType = result['resultType'];
  if (resultType !== undefined && resultType !== 'complete') {
    return { failure: 'result not complete', detail: cut(JSON.stringify(resultType)) };
  }
  return { result };
}

function judgeRefusal(
  status: number,
  message: Record<string, unknown> | undefined,
  hadSession: boolean,
): Judgement {
  const detail = wordsOf(message);
  if (status === 404 && hadSession)
    return { failure: 'http 404 session not found', detail, sessionLost: true };
  const jsonRpcCode = codeOf(message?.['error']);
  if (jsonRpcCode === undefined) return { failure: `http ${status}`, detail };
  return { failure: `http ${status} json-rpc ${jsonRpcCode}`, detail, jsonRpcCode };
}

function malformed(detail: string): Judgement {
  return { failure: 'malformed answer', detail };
}

/** What came instead of a JSON object. */
function describeBody(body: string | null): string {
  if (body === null) return 'the stream ended without a response';
  const text = body.trim();
  if (text === '') return 'an empty body';
  if (text.startsWith('<')) return 'HTML or XML, not JSON';
  if (parseJson(text) !== undefined) return 'not a JSON object';
  return /^[{[]/.test(text) && !/[}\]]$/.test(text) ? 'JSON that is cut off' : 'not JSON';
}

/** The peer's own words: of a JSON-RPC error, or as REST servers put them (`{"detail": …}`, `{"message": …}`, `{"error": …}`). */
function wordsOf(message: Record<string, unknown> | undefined): string {
  const candidates = [
    asObject(message?.['error'])?.['message'],
    message?.['detail'],
    message?.['message'],
    message?.['error'],
  ];
  return cut(candidates.find((words) => typeof words === 'string') ?? '');
}

function codeOf(error: unknown): number | undefined {
  const code = asObject(error)?.['code'];
  return typeof code === 'number' ? code : undefined;
}

function cut(text: string): string {
  return text.slice(0, maxDetailLength);
}

/** Judges what has no JSON-RPC response: a notification, a DELETE, a plain GET. `accepted` lists further statuses. */
export function judgeStatus(
  outcome: HttpAnswer | HttpFailure,
  accepted: readonly number[] = [],
): string | undefined {
  if ('failure' in outcome) return outcome.failure;
  const { status } = outcome;
  return (status >= 200 && status <= 299) || accepted.includes(status) ? undefined : `http ${status}`;
}

/** The protocol version that the answer to `initialize` named; what the client asked for when it named none. */
export function agreedVersion(result: Record<string, unknown>, wire: Wire): string {
  const version = result['protocolVersion'];
  return wire.era === 'legacy' && typeof version === 'string' ? version : wire.protocolVersion;
}

function textOf(result: Record<string, unknown>): string {
  const content = Array.isArray(result['content']) ? result['content'] : [];
  const text = asObject(content[0])?.['text'];
  return typeof text === 'string' ? cut(text) : '';
}

function parseObject(text: string): Record<string, unknown> | undefined {
  return asObject(parseJson(text));
}

/** The value when it is a JSON object. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined;
}
