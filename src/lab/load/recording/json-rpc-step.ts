import { isRecord } from '../../../protocol/record.ts';
import { parseJson } from '../parse-json.ts';
import type { JsonValue } from '../scenarios/json-value.ts';
import type { McpStep, ToolStep } from '../scenarios/scenario.ts';
import { SseReader } from '../sse-reader.ts';
import type { Exchange } from './har-file.ts';
import { isShallow } from './sent-body.ts';

const ofTheEngine = /^(initialize|server\/discover|notifications\/.*)$/;

type Outcome = { step: McpStep | ToolStep; answer: JsonValue } | { reason: string };

/**
 * The step of a JSON-RPC request: one of an MCP session, or plain JSON-RPC that is sent to `path`. Undefined where the
 * message is none that such a step can send, so that it stays a request of HTTP.
 */
export function readJsonRpc(message: JsonValue, exchange: Exchange, path?: string): Outcome | undefined {
  if (!isRecord(message) || message['jsonrpc'] !== '2.0') return undefined;
  const { method, params = {}, id } = message;
  if (path === undefined) {
    if (typeof method !== 'string')
      return { reason: 'an answer to the server, which users of a load do not give' };
    if (ofTheEngine.test(method)) return { reason: 'users of a load begin their MCP session by themselves' };
  }
  if (typeof method !== 'string' || !/^[\w$./-]{1,100}$/.test(method)) return undefined;
  const response = id === undefined ? undefined : responseIn(exchange, id);
  const given = withoutMeta(params);
  if (given === undefined || (path !== undefined && response === undefined)) return undefined;
  const result = isRecord(response) ? response['result'] : undefined;
  if (isRecord(response) && (!isRecord(result) || result['isError'] === true)) {
    return { reason: 'its answer was an error' };
  }
  const answer = readResult(result);
  const rest = { extract: [], ...(path === undefined ? {} : { path }) };
  const { name: tool, arguments: args, ...others } = given;
  if (
    path === undefined &&
    method === 'tools/call' &&
    typeof tool === 'string' &&
    !tool.includes('*') &&
    Object.keys(others).length === 0
  ) {
    return { step: { kind: 'tool', tool, arguments: isObject(args) ? args : {}, extract: [] }, answer };
  }
  return { step: { kind: 'mcp', method, params: given, ...rest }, answer };
}

/** Whether a request was one of MCP over HTTP rather than of plain JSON-RPC. */
export function speaksMcp({ method, url, headers, body }: Exchange): boolean {
  if (method !== 'POST' || body?.text === undefined || !body.text.includes('"jsonrpc"')) return false;
  return (
    headers.has('mcp-session-id') ||
    headers.has('mcp-protocol-version') ||
    (headers.get('accept') ?? '').includes('text/event-stream') ||
    /\/mcp\/?$/.test(url.pathname)
  );
}

/** The response to `id`: the body, or one event of the stream. */
function responseIn({ answer }: Exchange, id: unknown): unknown {
  const candidates: unknown[] = [];
  if (answer.mimeType === 'text/event-stream') {
    new SseReader((data) => candidates.push(parseJson(data))).push(Buffer.from(`${answer.text ?? ''}\n\n`));
  } else candidates.push(parseJson(answer.text ?? ''));
  return candidates.find(
    (message) => isRecord(message) && message['id'] === id && ('result' in message || 'error' in message),
  );
}

/** What the engine says of itself in `_meta` is its own. Parameters by position have no step. */
function withoutMeta(params: unknown): Record<string, JsonValue> | undefined {
  if (!isObject(params)) return undefined;
  const { _meta, ...rest } = params;
  return rest;
}

function readResult(result: unknown): JsonValue {
  return isObject(result) && isShallow(result) ? result : undefined;
}

/** Whether a value that was parsed from JSON is an object. */
function isObject(value: unknown): value is Record<string, JsonValue> {
  return isRecord(value);
}
