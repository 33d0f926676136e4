import type { Dispatcher } from 'undici';
import type { Timed } from './deadline-list.ts';
import { failureOf, timeoutKinds } from './http-failure.ts';
import type { RequestPhase } from './http-failure.ts';
import type { HttpAnswer, HttpOutcome, HttpRequest } from './http-target.ts';
import { SseReader } from './sse-reader.ts';

/** Answers beyond this are cut off and count as a failure, so that a target cannot fill the generator's memory. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** Cut off on this side. */
export class AbortedError extends Error {
  readonly code = 'ABORTED';
}

type Headers = Record<string, string | string[] | undefined>;
const noHeaders: Readonly<Record<string, string>> = {};

/** One request and its answer, as undici tells of it. */
export class HttpExchange implements Dispatcher.DispatchHandler, Timed {
  deadlineMs = 0;
  previous: Timed | undefined;
  next: Timed | undefined;
  isOverdue = false;
  readonly #request: HttpRequest;
  readonly #release: (error: Error | undefined) => void;
  #resolve: ((outcome: HttpOutcome) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #cancelled = false;
  #sse: SseReader | undefined;
  #status = 0;
  #contentType = '';
  #sessionId: string | undefined;
  #headers = noHeaders;
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  /** `resolve` learns the outcome as soon as it is known, `release` when the connection is free, or lost by an error. */
  constructor(
    request: HttpRequest,
    resolve: (outcome: HttpOutcome) => void,
    release: (error: Error | undefined) => void,
  ) {
    this.#request = request;
    this.#resolve = resolve;
    this.#release = release;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) controller.abort(new AbortedError());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#contentType = single(headers['content-type'])?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    this.#sessionId = single(headers['mcp-session-id']);
    if (this.#request.wantsHeaders === true) this.#headers = joined(headers);
    const { isAnswer } = this.#request;
    if (isAnswer !== undefined && this.#contentType === 'text/event-stream' && status < 300) {
      this.#sse = new SseReader((data) => {
        if (isAnswer(data)) this.#settle(this.#answer(data));
      });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > maxAnswerBytes) this.#cancel('answer too large');
    else if (this.#sse !== undefined) this.#sse.push(chunk);
    else if (this.#request.wantsBody === true) (this.#chunks ??= []).push(chunk);
  }

  onResponseEnd(): void {
    this.#settle(this.#answer(this.#sse === undefined ? this.#body() : null));
    this.#release(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const failure = { failure: failureOf(error, this.#phase), endMs: performance.now() };
    this.#release(error);
    // A connection that this machine has no file for fails at once: without a turn of the event loop users that try
    // again would let nothing else run, not even the end of the load.
    if (this.#phase === 'connecting') setImmediate(() => this.#settle(failure));
    else this.#settle(failure);
  }

  onDeadline(): void {
    this.isOverdue = true;
    this.#cancel(timeoutKinds[this.#phase]);
  }

  get #phase(): RequestPhase {
    if (this.#controller === undefined) return 'connecting';
    return this.#status === 0 ? 'waiting' : 'answering';
  }

  #body(): string | null {
    if (this.#request.wantsBody !== true) return null;
    const chunks = this.#chunks ?? [];
    const [first] = chunks;
    const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    return body.toString('utf8');
  }

  #answer(body: string | null): HttpAnswer {
    return {
      status: this.#status,
      contentType: this.#contentType,
      sessionId: this.#sessionId,
      headers: this.#headers,
      body,
      bytes: this.#bytes,
      endMs: performance.now(),
    };
  }

  /** A stream that goes on after its answer keeps its deadline and is cut then. */
  #settle(outcome: HttpOutcome): void {
    this.#resolve?.(outcome);
    this.#resolve = undefined;
  }

  #fail(failure: string): void {
    this.#settle({ failure, endMs: performance.now() });
  }

  #cancel(failure: string): void {
    this.#cancelled = true;
    this.#fail(failure);
    this.#controller?.abort(new AbortedError());
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function joined(headers: Headers): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(headers)) {
    record[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return record;
}
