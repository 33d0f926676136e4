import { Pool } from 'undici';
import { sleep } from '../../shared/clock.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { isRecord } from '../../protocol/record.ts';
import { otlpJson } from './otlp-json.ts';
import type { SpanSource } from './otlp-json.ts';
import type { RecordedSpan } from './recorded-span.ts';

export interface SpanExporterOptions {
  /** Where OTLP/HTTP requests are posted, e.g. `http://127.0.0.1:4318/v1/traces`. */
  url: string;
  /** Sent with each request; may hold secrets. */
  headers: Readonly<Record<string, string>>;
  source: SpanSource;
  logger: Logger;
  /** Finished spans that wait at most, those being sent included. Default 8192: two seconds of two thousand calls. */
  bufferSize?: number;
  /** Default 1000. */
  intervalMs?: number;
}

/** Small enough that writing one as JSON does not hold up the calls; as many as OpenTelemetry's SDKs send at once. */
const spansPerBatch = 512;
/** As OpenTelemetry's exporters wait at most. */
const timeoutMs = 10_000;
const maxAnswerBytes = 64 * 1024;

/** Why a span did not reach the receiver: the buffer was full, nobody took it, or it was taken and refused. */
export type DropReason = 'buffer_full' | 'export_failed' | 'rejected';

/**
 * Sends finished spans in batches, off the request path. What cannot be sent is dropped and counted: a receiver that
 * is away costs spans, never memory and never a call. Redirects are not followed, since the headers may hold secrets.
 */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #bufferSize: number;
  readonly #path: string;
  readonly #pool: Pool;
  readonly #ended = new AbortController();
  readonly #spans: RecordedSpan[] = [];
  /** Those that are on their way, and no longer in `#spans`. */
  #inFlight = 0;
  #loop = Promise.resolve();
  #isFailing = false;
  exportedSpans = 0;
  readonly droppedSpans: Record<DropReason, number> = { buffer_full: 0, export_failed: 0, rejected: 0 };

  constructor(options: SpanExporterOptions) {
    const url = new URL(options.url);
    this.#options = options;
    this.#bufferSize = options.bufferSize ?? 8192;
    this.#path = url.pathname + url.search;
    this.#pool = new Pool(url.origin, {
      connections: 1,
      connect: { timeout: timeoutMs },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
  }

  add(span: RecordedSpan): void {
    if (this.#spans.length + this.#inFlight >= this.#bufferSize) this.droppedSpans.buffer_full += 1;
    else this.#spans.push(span);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Sends what is left, for at most `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    this.#ended.abort();
    const flushed = this.#loop.then(() => this.#flush());
    const timer = new AbortController();
    const late = sleep(limitMs, timer.signal).then(() => this.#pool.destroy());
    await Promise.race([flushed, late]);
    timer.abort();
    await Promise.all([flushed, late]);
  }

  async #run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      await sleep(this.#options.intervalMs ?? 1000, this.#ended.signal);
      if (!this.#ended.signal.aborted) await this.#flush();
    }
  }

  /** What was there at the beginning, and no more: a flood must not keep it from coming to an end. */
  async #flush(): Promise<void> {
    let left = this.#spans.length;
    while (left > 0) {
      const batch = this.#spans.splice(0, Math.min(left, spansPerBatch));
      left -= batch.length;
      this.#inFlight = batch.length;
      await this.#send(batch);
      this.#inFlight = 0;
    }
  }

  async #send(spans: readonly RecordedSpan[]): Promise<void> {
    try {
      const rejected = await this.#post(otlpJson(this.#options.source, spans));
      this.droppedSpans.rejected += Math.min(rejected, spans.length);
      this.exportedSpans += Math.max(0, spans.length - rejected);
      if (this.#isFailing) this.#options.logger.info('spans are exported again', { to: this.#options.url });
      this.#isFailing = false;
    } catch (error) {
      this.droppedSpans.export_failed += spans.length;
      if (!this.#isFailing) {
        const fields = { to: this.#options.url, error: messageOf(error) };
        this.#options.logger.warn('spans cannot be exported and are dropped', fields);
      }
      this.#isFailing = true;
    }
  }

  /** How many spans the receiver says that it refused. Rejects when it did not take the request. */
  async #post(json: string): Promise<number> {
    const { statusCode, body } = await this.#pool.request({
      path: this.#path,
      method: 'POST',
      headers: { ...this.#options.headers, 'content-type': 'application/json' },
      body: json,
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (statusCode < 200 || statusCode > 299) {
      await body.dump();
      throw new Error(`HTTP ${statusCode}`);
    }
    let answer = '';
    for await (const chunk of body) {
      answer += String(chunk);
      if (answer.length > maxAnswerBytes) throw new Error('its answer is too long');
    }
    return rejectedIn(answer);
  }
}

/** `partialSuccess.rejectedSpans` of an ExportTraceServiceResponse, a 64-bit number as text or a number. */
function rejectedIn(answer: string): number {
  if (!answer.startsWith('{')) return 0;
  const response: unknown = JSON.parse(answer);
  const partial = isRecord(response) ? response['partialSuccess'] : undefined;
  const rejected = isRecord(partial) ? Number(partial['rejectedSpans'] ?? 0) : 0;
  return Number.isFinite(rejected) ? Math.max(0, rejected) : 0;
}
