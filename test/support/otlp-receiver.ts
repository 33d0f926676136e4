import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

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
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  resource: Record<string, unknown> = {};
  /** How requests are answered. */
  answer: { status: number; body: string; headers?: Record<string, string> } = { status: 200, body: '{}' };
  readonly #server = createServer((request, response) => {
    this.requests.push({ url: request.url, headers: request.headers });
    void text(request).then((body) => {
      if (this.answer.status === 200) this.#take(body);
      response.writeHead(this.answer.status, this.answer.headers).end(this.answer.body);
    });
  });

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('not listening');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Spans of a trace, in the order in which they began: the server's first. */
  trace(traceId: string): ReceivedSpan[] {
    return this.spans
      .filter((span) => span.traceId === traceId)
      .toSorted((a, b) => a.kind - b.kind || Number(a.startTimeUnixNano) - Number(b.startTimeUnixNano));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
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
