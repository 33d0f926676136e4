import { paramsWith, parseClientMessage, stringParam } from '../protocol/client-message.ts';
import type { ClientMessage } from '../protocol/client-message.ts';
import { serverCodecFor } from '../protocol/codecs.ts';
import { errorMember, responseMessage } from '../protocol/json-rpc.ts';
import { methodSpec } from '../protocol/methods.ts';
import type { Implementation, MetaContent, ServerCodec, WireHeaders } from '../protocol/wire-codec.ts';
import { GaugewayError, errorTable, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { callFailure } from '../protocol/call-failure.ts';
import type { CatalogRef, CatalogScope, CatalogTool } from './catalog/snapshot.ts';
import type { CallRecorder } from './metrics/call-recorder.ts';
import type { Authenticator, Principal } from './policy/principal.ts';
import type { SessionStore } from './session/session-store.ts';
import type { Cancellation, Upstream, UpstreamAnswer } from './upstream/upstream.ts';

/** What the hot path stands on. Everything is in memory: nothing here waits for a database. */
export interface PipelinePorts {
  /** Throws GaugewayError forbidden for a Host or Origin that is not ours. */
  hostGuard: (host: string | undefined, origin: string | undefined) => void;
  authenticator: Authenticator;
  catalog: CatalogRef;
  upstreams: { get(gatewayId: string): Upstream | undefined };
  recorder: CallRecorder;
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
      codec = serverCodecFor(headers, message);
      codec.validate(headers, message);
      if (codec.sessions) requireSession(ports.sessions, exchange, message, principal);
      if (message.kind !== 'request') return exchange.replyEmpty(202);

      const spec = methodSpec(codec.era, message.method);
      switch (spec?.served) {
        case 'call':
          return await serveCall(ports, exchange, codec, message, spec.target, scope);
        case 'list':
          return serveList(ports, exchange, codec, message, scope);
        case 'protocol':
          return serveProtocol(ports, exchange, codec, message, principal);
        case undefined:
          throw new GaugewayError('method_not_found', `method ${message.method} is not served here`);
      }
    } catch (error) {
      const code = error instanceof GaugewayError ? error.code : 'internal';
      if (code === 'internal') ports.logger.error('a request failed unexpectedly', { error: stackOf(error) });
      const status = codec?.errorStatus(code) ?? errorTable[code].httpStatus;
      exchange.reply(status, responseMessage(idJson, 'error', errorMember(error)));
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
): Promise<void> {
  const tool = resolveTool(scope, message, target);
  const startedMs = ports.nowMs();
  let answer: UpstreamAnswer;
  let resultJson: string;
  try {
    const upstream = ports.upstreams.get(tool.gatewayId);
    if (upstream === undefined)
      throw new GaugewayError('unavailable', `the upstream of ${tool.name} is not connected`);
    answer = await upstream.call(
      {
        method: message.method,
        name: tool.originalName,
        paramsJson: paramsWith(message, message.routing[target], JSON.stringify(tool.originalName)),
        meta: metaContent(codec, message),
        headers: codec.forwardedHeaders(exchange.headers),
        onNotification: exchange.acceptsEvents ? (json) => exchange.event(json) : undefined,
      },
      codec.disconnectCancels ? exchange.gone : undefined,
    );
    resultJson = answer.member === 'result' ? codec.relayResult(answer) : answer.json;
  } catch (error) {
    record(ports, tool, startedMs, messageOf(error));
    throw error;
  }
  exchange.reply(200, responseMessage(message.idJson, answer.member, resultJson));
  record(ports, tool, startedMs, callFailure(answer));
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
): void {
  const { json, sessionVersion } = codec.protocolResult(message, ports.serverInfo);
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
  if (!ports.sessions.end(id, principal.subject, exchange.scopeId)) throw unknownSession();
  exchange.replyEmpty(204);
}

function requireSession(
  sessions: SessionStore,
  exchange: Exchange,
  message: ClientMessage,
  principal: Principal,
): void {
  if (message.method === 'initialize') return;
  const id = single(exchange.headers['mcp-session-id']);
  if (id === undefined) throw new GaugewayError('invalid_request', 'Mcp-Session-Id is missing');
  if (sessions.find(id, principal.subject, exchange.scopeId) === undefined) throw unknownSession();
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
    responseTime: (ports.nowMs() - startedMs) / 1000,
    isSuccess: errorMessage === null,
    errorMessage,
  });
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
