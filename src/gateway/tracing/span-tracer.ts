import { randomBytes } from 'node:crypto';
import type { ClientMessage } from '../../protocol/client-message.ts';
import type { OperationError } from '../../protocol/operation-error.ts';
import { reportedMethod } from '../../protocol/reported-method.ts';
import { parseTraceparent, withTraceContext } from '../../protocol/trace-context.ts';
import type { TraceContext, TraceParent } from '../../protocol/trace-context.ts';
import type { WireHeaders } from '../../protocol/wire-codec.ts';
import type { Operation } from '../metrics/operation-recorder.ts';
import type { SentRequest, UpstreamRequest } from '../upstream/upstream.ts';
import { ownMessage, ownText } from './recorded-span.ts';
import type { RecordedSpan } from './recorded-span.ts';
import { runAttributes } from './run-attributes.ts';
import type { Sampler } from './sampler.ts';
import type { ClientSpan, ServerSpan, Tracer } from './tracer.ts';

/**
 * Makes spans by OpenTelemetry's conventions for MCP: one for each operation of a client, whose parent is named in
 * `_meta` or else in the HTTP headers, and one below it for the request to an upstream.
 */
export function createSpanTracer(sampler: Sampler, add: (span: RecordedSpan) => void): Tracer {
  return {
    begin(message, headers, startedMs) {
      const origin = originOf(message, headers);
      const traceId = origin.parent?.traceId ?? randomBytes(16).toString('hex');
      if (!sampler(traceId, origin.parent)) return undefined;
      return new OperationSpan({ message, origin, traceId, startedMs, add });
    },
  };
}

/** What must be passed on at least, by W3C Trace Context, 3.3.1.5, and W3C Baggage, 3.3.2. */
const maxStateLength = 512;
const maxBaggageLength = 8192;

/** Where an operation comes from. */
interface Origin {
  readonly parent: TraceParent | undefined;
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
  /** The context of the HTTP request when `_meta` names another one. */
  readonly link: TraceParent | undefined;
}

function originOf({ meta }: ClientMessage, headers: WireHeaders): Origin {
  const inMeta = parseTraceparent(meta?.['traceparent']);
  const inHeaders = parseTraceparent(headers['traceparent']);
  return {
    parent: inMeta ?? inHeaders,
    tracestate: headerText((inMeta === undefined ? headers : meta)?.['tracestate'], maxStateLength),
    baggage: headerText(meta?.['baggage'] ?? headers['baggage'], maxBaggageLength),
    link: inMeta === undefined ? undefined : inHeaders,
  };
}

interface OperationSpanOptions {
  readonly message: ClientMessage;
  readonly origin: Origin;
  readonly traceId: string;
  readonly startedMs: number;
  readonly add: (span: RecordedSpan) => void;
}

class OperationSpan implements ServerSpan {
  readonly #options: OperationSpanOptions;
  readonly #spanId = newSpanId();
  readonly #method: string;

  constructor(options: OperationSpanOptions) {
    this.#options = options;
    this.#method = ownText(reportedMethod(options.message.method));
  }

  begin(startedMs: number): ClientSpan {
    return new RequestSpan({ ...this.#options, parentSpanId: this.#spanId, method: this.#method, startedMs });
  }

  end({ toolName, protocolVersion, sessionId, error }: Operation, endedMs: number): void {
    const { message, origin, traceId, startedMs, add } = this.#options;
    const { parent, tracestate, link } = origin;
    add({
      traceId,
      spanId: this.#spanId,
      parentSpanId: parent?.spanId,
      isParentRemote: parent !== undefined,
      traceState: tracestate,
      kind: 'server',
      name: nameOf(this.#method, toolName),
      startedMs,
      endedMs,
      attributes: {
        ...operationAttributes(this.#method, toolName, protocolVersion, error),
        'jsonrpc.request.id': message.kind === 'request' ? idText(message.idJson) : undefined,
        'mcp.session.id': sessionId,
        ...runAttributes(origin.baggage),
      },
      link: link && { traceId: link.traceId, spanId: link.spanId },
      error: statusOf(error),
    });
  }
}

class RequestSpan implements ClientSpan {
  readonly #options: OperationSpanOptions & { parentSpanId: string; method: string };
  readonly #spanId = newSpanId();
  #toolName: string | undefined;
  #sent: SentRequest | undefined;

  constructor(options: OperationSpanOptions & { parentSpanId: string; method: string }) {
    this.#options = options;
  }

  carriedBy(request: UpstreamRequest): UpstreamRequest {
    this.#toolName = request.name;
    const { traceId, origin, message } = this.#options;
    const { tracestate, baggage } = origin;
    const context = {
      traceparent: `00-${traceId}-${this.#spanId}-01`,
      ...(tracestate === undefined ? {} : { tracestate }),
      ...(baggage === undefined ? {} : { baggage }),
    } satisfies TraceContext;
    const { traceparent: _parent, tracestate: _state, baggage: _baggage, ...headers } = request.headers ?? {};
    // `_meta` that is no object is the upstream's to refuse.
    const isCarrier = request.meta === 'none' || message.meta !== undefined;
    return {
      ...request,
      paramsJson: isCarrier
        ? withTraceContext(request.paramsJson, request.meta, context)
        : request.paramsJson,
      meta: request.meta === 'none' ? 'other' : request.meta,
      headers: { ...headers, ...context },
      onSent: (sent) => {
        this.#sent = sent;
      },
    };
  }

  end(error: OperationError | undefined, endedMs: number): void {
    const { traceId, parentSpanId, origin, method, startedMs, add } = this.#options;
    const sent = this.#sent;
    add({
      traceId,
      spanId: this.#spanId,
      parentSpanId,
      isParentRemote: false,
      traceState: origin.tracestate,
      kind: 'client',
      name: nameOf(method, this.#toolName),
      startedMs,
      endedMs,
      attributes: {
        ...operationAttributes(method, this.#toolName, sent?.protocolVersion, error),
        'jsonrpc.request.id': sent && String(sent.id),
        'server.address': sent?.address,
        'server.port': sent?.port,
        'gaugeway.upstream': sent?.upstream,
      },
      link: undefined,
      error: statusOf(error),
    });
  }
}

function operationAttributes(
  method: string,
  toolName: string | undefined,
  protocolVersion: string | undefined,
  error: OperationError | undefined,
): RecordedSpan['attributes'] {
  return {
    'mcp.method.name': method,
    'gen_ai.operation.name': method === 'tools/call' ? 'execute_tool' : undefined,
    'gen_ai.tool.name': toolName,
    'mcp.protocol.version': protocolVersion,
    'error.type': error?.type,
    'rpc.response.status_code': error?.statusCode,
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
  };
}

/** A tool that is not in the catalogue could be any, and a span's name must be one of few. */
function nameOf(method: string, toolName: string | undefined): string {
  return toolName === undefined ? method : `${method} ${toolName}`;
}

function statusOf(error: OperationError | undefined): RecordedSpan['error'] {
  return error && { message: error.message && ownMessage(error.message) };
}

function idText(idJson: string): string {
  return ownText(idJson.startsWith('"') ? String(JSON.parse(idJson)) : idJson);
}

function newSpanId(): string {
  return randomBytes(8).toString('hex');
}

/** A value that may also stand in an HTTP header, which a text in JSON need not. */
function headerText(value: unknown, maxLength: number): string | undefined {
  const isFit = typeof value === 'string' && value.length <= maxLength && /^[\x20-\x7e]+$/.test(value);
  return isFit ? value : undefined;
}
