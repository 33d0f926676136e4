import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LoopbackServer } from './loopback-server.ts';

/** A span as OTLP carries it, its attributes by name. */
export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  flags: number;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  links?: { traceId: string; spanId: string }[];
  status?: { code: number; message?: string };
  attributes: Record<string, unknown>;
}

interface KeyValue {
  key: string;
  value: { stringValue?: string; intValue?: string };
}

/** A receiver of OTLP over HTTP in JSON that keeps what it was sent. */
export class OtlpReceiver extends LoopbackServer {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  resource: Record<string, unknown> = {};
  /** How requests are answered. */
  reply: { status: number; body: string; headers?: Record<string, string> } = { status: 200, body: '{}' };

  static start(): Promise<OtlpReceiver> {
    return new OtlpReceiver().listen();
  }

  /** Spans of a trace, in the order in which they began: the server's first. */
  trace(traceId: string): ReceivedSpan[] {
    return this.spans
      .filter((span) => span.traceId === traceId)
      .toSorted((a, b) => a.kind - b.kind || Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano));
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push({ url: request.url, headers: request.headers });
    const body = await text(request);
    if (this.reply.status === 200) this.#take(body);
    response.writeHead(this.reply.status, this.reply.headers).end(this.reply.body);
  }

  #take(body: string): void {
    const { resourceSpans } = JSON.parse(body);
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = attributesOf(resource.attributes);
      for (const { spans } of scopeSpans) {
        for (const span of spans) this.spans.push({ ...span, attributes: attributesOf(span.attributes) });
      }
    }
  }
}

function attributesOf(pairs: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      key,
      value.intValue === undefined ? value.stringValue : Number(value.intValue),
    ]),
  );
}
