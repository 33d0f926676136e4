import type { RecordedSpan } from './recorded-span.ts';

/** What all spans of this process have in common. */
export interface SpanSource {
  readonly serviceName: string;
  readonly version: string;
  /** Tells replicas apart. */
  readonly instanceId: string;
}

/** `SpanKind` and `StatusCode` of opentelemetry-proto's trace.proto, 1.x. */
const kinds = { server: 2, client: 3 };
const statusError = 2;
/** Of `SpanFlags`: the trace flag `sampled`, and whether the parent is remote with the bit that says this is known. */
const sampledFlag = 0x01;
const knownParentFlag = 0x100;
const remoteParentFlag = 0x200;

/**
 * The body of an OTLP/HTTP request in JSON (opentelemetry-proto, ExportTraceServiceRequest): ids in hexadecimal digits,
 * 64-bit numbers as text. Written here, since the official packages bring a whole SDK for these fifty lines.
 */
export function otlpJson(source: SpanSource, spans: readonly RecordedSpan[]): string {
  const resource = {
    attributes: attributesOf({
      'service.name': source.serviceName,
      'service.version': source.version,
      'service.instance.id': source.instanceId,
    }),
  };
  const scope = { name: 'gaugeway', version: source.version };
  return JSON.stringify({
    resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(spanJson) }] }],
  });
}

function spanJson(span: RecordedSpan): Record<string, unknown> {
  const { traceId, spanId, parentSpanId, traceState, name, kind, link, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    ...(traceState === undefined ? {} : { traceState }),
    flags: sampledFlag | knownParentFlag | (span.isParentRemote ? remoteParentFlag : 0),
    name,
    kind: kinds[kind],
    startTimeUnixNano: unixNano(span.startedMs),
    endTimeUnixNano: unixNano(span.endedMs),
    attributes: attributesOf(span.attributes),
    ...(link === undefined ? {} : { links: [link] }),
    ...(error === undefined ? {} : { status: statusOf(error) }),
  };
}

function statusOf({ message }: { message: string | undefined }): Record<string, unknown> {
  return { code: statusError, ...(message === undefined ? {} : { message }) };
}

function attributesOf(attributes: RecordedSpan['attributes']): unknown[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return { key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } };
  });
}

/** A double holds microseconds since the epoch exactly, nanoseconds not. */
function unixNano(ms: number): string {
  return `${Math.round(ms * 1000)}000`;
}
