import { paramsWith, parseClientMessage, stringParam } from '../protocol/client-message.ts';
import type { ClientMessage } from '../protocol/client-message.ts';
import { serverCodecFor } from '../protocol/codecs.ts';
import { errorMember, responseMessage } from '../protocol/json-rpc.ts';
import { methodSpec } from '../protocol/methods.ts';
import { answeredError, refusedError } from '../protocol/operation-error.ts';
import type { Implementation, MetaContent, ServerCodec, WireHeaders } from '../protocol/wire-codec.ts';
import { GaugewayError, errorTable, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { callFailure } from '../protocol/call-failure.ts';
import type { CatalogRef, CatalogScope, CatalogTool } from './catalog/snapshot.ts';
import type { CallRecorder } from './metrics/call-recorder.ts';
import type { Operation, OperationRecorder } from './metrics/operation-recorder.ts';
import type { Authenticator, Principal } from './policy/principal.ts';
import type { Session, SessionStore } from './session/session-store.ts';
import type { ClientSpan, ServerSpan, Tracer } from './tracing/tracer.ts';
import type { Cancellation, Upstream, UpstreamAnswer, UpstreamRequest } from './upstream/upstream.ts';

/** What the hot path stands on. Everything is in memory: nothing here waits for a database. */
export interface PipelinePorts {
  /** Throws GaugewayError forbidden for a Host or Origin that is not ours. */
  hostGuard: (host: string | undefined, origin: string | undefined) => void;
  authenticator: Authenticator;
  catalog: CatalogRef;
  upstreams: { get(gatewayId: string): Upstream | undefined };
  recorder: CallRecorder;
  operations: OperationRecorder;
  /** Undefined where nothing is traced. */
  tracer?: Tracer | undefined;
  sessions: SessionStore;
  /** What the gateway calls itself towards clients. */
  serverInfo: Implementation;
  logger: Logger;
  nowMs: () => number;
}

/** One HTTP exchange with a client, as a downstream transport offers it. */
export interface Exchange {
  readonly httpMethod: string;
  readonly headers: WireHeaders;
  /** Id of the virtual server, or `allToolsScope`. */
  readonly scopeId: string;
  /** Throws GaugewayError body_too_large, unsupported_media_type, not_acceptable, parse_error. */
  readBody(): Promise<string>;
  /** Whether the client takes an event stream. */
  readonly acceptsEvents: boolean;
  /** Aborts when the client goes away before it was answered. */
  readonly gone: Cancellation;
  /** Relays a message ahead of the answer, which turns that into an event stream; a promise asks to wait. */
  event(messageJson: string): void | Promise<void>;
  /** Answers with a JSON document, the last event if there were events. */
  reply(status: number, json: string, sessionId?: string): void;
  /** Answers without a body. */
  replyEmpty(status: number): void;
}

/**
 * The way of every MCP request, in this order: host and origin, who calls, the body, its era, its validity, its
 * session, then what it asks for. Each step that refuses throws; there is one way out for all of them.
 */
export function createPipeline(ports: PipelinePorts): (exchange: Exchange) => Promise<void> {
  return async (exchange) => {
    const startedMs = ports.nowMs();
    let operation: Operation | undefined;
    let span: ServerSpan | undefined;
    let codec: ServerCodec | undefined;
    let idJson = 'null';
    try {
      const { headers } = exchange;
      ports.hostGuard(single(headers['host']), single(headers['origin']));
      const admitted = ports.authenticator.authenticate(single(headers['authorization']));
      const principal = admitted instanceof Promise ? await admitted : admitted;
      const scope = ports.catalog.current.scopes.get(exchange.scopeId);
      if (scope === undefined) throw new GaugewayError('not_found', 'there is no such virtual server');
      if (exchange.httpMethod !== 'POST') return serveWithoutBody(ports, exchange, principal);

      const message = parseClientMessage(await exchange.readBody());
      idJson = message.idJson;
      const current: Operation = { method: message.method };
      // A response belongs to an operation that is not the client's.
      if (message.kind !== 'response') {
        operation = current;
        span = ports.tracer?.begin(message, headers, startedMs);
      }
      codec = serverCodecFor(headers, message);
      codec.validate(headers, message);
      const session = codec.sessions
        ? requireSession(ports.sessions, exchange, message, principal)
        : undefined;
      current.sessionId = session?.publicId;
      current.protocolVersion = session?.protocolVersion ?? codec.onlyVersion;
      if (message.kind !== 'request') return exchange.replyEmpty(202);

      const spec = methodSpec(codec.era, message.method);
      switch (spec?.served) {
        case 'call':
          return await serveCall(ports, exchange, codec, message, spec.target, scope, current, span);
        case 'list':
          return serveList(ports, exchange, codec, message, scope);
        case 'protocol':
          return serveProtocol(ports, exchange, codec, message, principal, current);
        case undefined:
          throw new GaugewayError('method_not_found', `method ${message.method} is not served here`);
      }
    } catch (error) {
      if (operation !== undefined) operation.error = refusedError(error);
      const code = error instanceof GaugewayError ? error.code : 'internal';
      if (code === 'internal') ports.logger.error('a request failed unexpectedly', { error: stackOf(error) });
      const status = codec?.errorStatus(code) ?? errorTable[code].httpStatus;
      exchange.reply(status, responseMessage(idJson, 'error', errorMember(error)));
    } finally {
      if (operation !== undefined) {
        const endedMs = ports.nowMs();
        ports.operations.finished(operation, (endedMs - startedMs) / 1000);
        span?.end(operation, endedMs);
      }
    }
  };
}

/** One upstream request per call, on a warm connection; the payload passes as it came. */
async function serveCall(
  ports: PipelinePorts,
  exchange: Exchange,
  codec: ServerCodec,
  message: ClientMessage,
  target: 'name' | 'uri' = 'name',
  scope: CatalogScope,
  operation: Operation,
  span: ServerSpan | undefined,
): Promise<void> {
  const tool = resolveTool(scope, message, target);
  operation.toolName = tool.name;
  const startedMs = ports.nowMs();
  let answer: UpstreamAnswer;
  let resultJson: string;
  try {
    const upstream = ports.upstreams.get(tool.gatewayId);
    if (upstream === undefined)
      throw new GaugewayError('unavailable', `the upstream of ${tool.name} is not connected`);
    const request: UpstreamRequest = {
      method: message.method,
      name: tool.originalName,
      paramsJson: paramsWith(message, message.routing[target], JSON.stringify(tool.originalName)),
      meta: metaContent(codec, message),
      headers: codec.forwardedHeaders(exchange.headers),
      onNotification: exchange.acceptsEvents ? (json) => exchange.event(json) : undefined,
    };
    const gone = codec.disconnectCancels ? exchange.gone : undefined;
    answer = await (span === undefined
      ? upstream.call(request, gone)
      : callTraced(ports, span.begin(startedMs), upstream, request, gone));
    operation.error = answeredError(answer);
    resultJson = answer.member === 'result' ? codec.relayResult(answer) : answer.json;
  } catch (error) {
    record(ports, tool, startedMs, messageOf(error));
    throw error;
  }
  exchange.reply(200, responseMessage(message.idJson, answer.member, resultJson));
  record(ports, tool, startedMs, callFailure(answer));
}

/** The call with a span of its own, in whose name it is sent. */
async function callTraced(
  ports: PipelinePorts,
  span: ClientSpan,
  upstream: Upstream,
  request: UpstreamRequest,
  gone: Cancellation | undefined,
): Promise<UpstreamAnswer> {
  try {
    const answer = await upstream.call(span.carriedBy(request), gone);
    span.end(answeredError(answer), ports.nowMs());
    return answer;
  } catch (error) {
    const type = error instanceof GaugewayError ? error.code : '_OTHER';
    span.end({ type, message: messageOf(error) }, ports.nowMs());
    throw error;
  }
}

function serveList(
  ports: PipelinePorts,
  exchange: Exchange,
  codec: ServerCodec,
  message: ClientMessage,
  scope: CatalogScope,
): void {
  // The whole list is one page, so that no cursor was ever given out.
  if (message.routing.cursor !== undefined) throw new GaugewayError('invalid_params', 'unknown cursor');
  const result = codec.listResult('tools', scope.toolsJson, ports.serverInfo);
  exchange.reply(200, responseMessage(message.idJson, 'result', result));
}

function serveProtocol(
  ports: PipelinePorts,
  exchange: Exchange,
  codec: ServerCodec,
  message: ClientMessage,
  principal: Principal,
  operation: Operation,
): void {
  const { json, sessionVersion } = codec.protocolResult(message, ports.serverInfo);
  operation.protocolVersion ??= sessionVersion;
  const session =
    sessionVersion === undefined
      ? undefined
      : ports.sessions.create({
          protocolVersion: sessionVersion,
          subject: principal.subject,
          scopeId: exchange.scopeId,
        });
  exchange.reply(200, responseMessage(message.idJson, 'result', json), session?.id);
}

/** DELETE ends a session. There is nothing yet that a GET stream could carry. */
function serveWithoutBody(ports: PipelinePorts, exchange: Exchange, principal: Principal): void {
  const id = single(exchange.headers['mcp-session-id']);
  if (exchange.httpMethod !== 'DELETE') throw new GaugewayError('method_not_allowed', 'use POST');
  if (id === undefined) throw new GaugewayError('invalid_request', 'Mcp-Session-Id is missing');
  const ended = ports.sessions.end(id, principal.subject, exchange.scopeId);
  if (ended === undefined) throw unknownSession();
  ports.operations.sessionEnded(ended.protocolVersion, secondsSince(ports, ended.createdMs));
  exchange.replyEmpty(204);
}

function requireSession(
  sessions: SessionStore,
  exchange: Exchange,
  message: ClientMessage,
  principal: Principal,
): Session | undefined {
  if (message.method === 'initialize') return undefined;
  const id = single(exchange.headers['mcp-session-id']);
  if (id === undefined) throw new GaugewayError('invalid_request', 'Mcp-Session-Id is missing');
  const session = sessions.find(id, principal.subject, exchange.scopeId);
  if (session === undefined) throw unknownSession();
  return session;
}

function resolveTool(scope: CatalogScope, message: ClientMessage, target: 'name' | 'uri'): CatalogTool {
  const name = stringParam(message, target);
  if (name === undefined) {
    throw new GaugewayError('invalid_params', `${message.method}: params.${target} must be a string`);
  }
  const tool = scope.toolsByName.get(name);
  if (tool === undefined)
    throw new GaugewayError('not_found', `unknown tool ${JSON.stringify(name.slice(0, 200))}`);
  return tool;
}

function metaContent(codec: ServerCodec, message: ClientMessage): MetaContent {
  if (codec.enveloped) return 'envelope';
  return message.routing['_meta'] === undefined ? 'none' : 'other';
}

function record(
  ports: PipelinePorts,
  tool: CatalogTool,
  startedMs: number,
  errorMessage: string | null,
): void {
  ports.recorder.record({
    toolId: tool.id,
    timestampMs: startedMs,
    responseTime: secondsSince(ports, startedMs),
    isSuccess: errorMessage === null,
    errorMessage,
  });
}

function secondsSince(ports: PipelinePorts, startedMs: number): number {
  return (ports.nowMs() - startedMs) / 1000;
}

function unknownSession(): GaugewayError {
  return new GaugewayError('session_not_found', 'this session is unknown or has ended; initialize again');
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
