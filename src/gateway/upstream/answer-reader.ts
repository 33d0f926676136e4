import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { EventStreamParser } from '../../protocol/event-stream.ts';
import { parseServerMessage } from '../../protocol/server-message.ts';
import type { ServerAnswer } from '../../protocol/server-message.ts';
import type { SentReply } from '../../protocol/wire-codec.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { Cancellation } from './upstream.ts';

export interface AnswerReaderOptions {
  /** JSON text of the id that the answer must carry; undefined when none is expected. */
  idJson: string | undefined;
  /** Of the whole answer, a stream's notifications included. */
  maxResponseBytes: number;
  /** From the first of the answer to its end: what trickles in forever is never silent. */
  maxAnswerMs: number;
  onNotification: ((messageJson: string) => void | Promise<void>) | undefined;
  /** A request that the server makes on the stream; what it returns must have been answered before the stream goes on. */
  onServerRequest: (method: string, idJson: string) => Promise<void>;
  signal: Cancellation | undefined;
}

/** After its answer a server has this long to end the stream before the connection is taken from it. */
const lingerMs = 1_000;
/** Each costs a request of ours: a server that pings through a long call asks a hundred times an hour. */
const maxServerRequests = 1_000;

/**
 * Reads one HTTP answer of an upstream, as JSON or as an event stream, straight from the dispatcher: no stream
 * objects on the hot path. {@link reply} settles as soon as the JSON-RPC answer is complete.
 */
export class AnswerReader implements Dispatcher.DispatchHandler {
  readonly reply: Promise<SentReply>;
  readonly #options: AnswerReaderOptions;
  readonly #resolve: (reply: SentReply) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #contentType = '';
  #sessionId: string | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #startedMs = 0;
  #serverRequests = 0;
  #events: { parser: EventStreamParser; decoder: TextDecoder; queue: Promise<void> | undefined } | undefined;
  #answer: ServerAnswer | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(options: AnswerReaderOptions) {
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<SentReply>();
    this.reply = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    const { signal } = this.#options;
    if (signal === undefined) return;
    if (signal.aborted) this.#abort();
    else signal.addEventListener('abort', this.#abort, { once: true });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    // Informational answers (RFC 9110, 15.2) come ahead of the one that counts.
    if (statusCode < 200) return;
    this.#startedMs = performance.now();
    this.#status = statusCode;
    this.#contentType = contentTypeOf(headers);
    const sessionId = headers['mcp-session-id'];
    if (typeof sessionId === 'string') this.#sessionId = sessionId;
    if (this.#contentType.startsWith('text/event-stream')) {
      const parser = new EventStreamParser(this.#options.maxResponseBytes);
      this.#events = { parser, decoder: new TextDecoder('utf-8', { fatal: true }), queue: undefined };
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxResponseBytes, maxAnswerMs } = this.#options;
    this.#bytes += chunk.length;
    if (this.#bytes > maxResponseBytes) {
      const message = `the upstream's answer is larger than ${maxResponseBytes} bytes`;
      controller.abort(new GaugewayError('upstream_invalid', message));
    } else if (performance.now() - this.#startedMs > maxAnswerMs) {
      const message = `the upstream did not come to the end of its answer in ${maxAnswerMs} ms`;
      controller.abort(new GaugewayError('upstream_timeout', message));
    } else if (this.#events === undefined) {
      this.#chunks.push(chunk);
    } else {
      this.#guarded(controller, () => this.#readEvents(controller, chunk));
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#settled();
    this.#guarded(controller, () => {
      if (this.#events === undefined) this.#answer = this.#readBody();
      else if (this.#answer === undefined && this.#events.queue !== undefined) {
        void this.#events.queue.then(() => this.#finish(), this.#reject);
        return;
      }
      this.#finish();
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settled();
    this.#reject(error);
  }

  #finish(): void {
    if (this.#answer === undefined && this.#options.idJson !== undefined && this.#status === 200) {
      this.#reject(new GaugewayError('upstream_invalid', 'the upstream ended its stream without an answer'));
      return;
    }
    this.#resolve({ status: this.#status, sessionId: this.#sessionId, answer: this.#answer });
  }

  #readBody(): ServerAnswer | undefined {
    const { idJson } = this.#options;
    if (idJson === undefined) return undefined;
    if (this.#bytes === 0 || !this.#contentType.startsWith('application/json')) {
      if (this.#status !== 200) return undefined;
      const got = this.#contentType === '' ? 'nothing' : this.#contentType.slice(0, 100);
      throw new GaugewayError('upstream_invalid', `the upstream answered with ${got} instead of JSON`);
    }
    const [first] = this.#chunks;
    const body = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    if (!isUtf8(body)) throw new GaugewayError('upstream_invalid', 'the upstream answered with broken UTF-8');
    const text = body.toString('utf8');
    if (this.#status < 200 || this.#status > 299) return answerOrNone(text);
    const message = parseServerMessage(text);
    if (message.kind !== 'answer' || message.idJson !== idJson) {
      throw new GaugewayError('upstream_invalid', 'the upstream answered another request than ours');
    }
    return message;
  }

  #readEvents(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const events = this.#events;
    if (events === undefined || this.#answer !== undefined) return;
    const waits: (() => Promise<void>)[] = [];
    for (const text of events.parser.push(events.decoder.decode(chunk, { stream: true }))) {
      const wait = this.#readEvent(text, waits.length > 0);
      if (wait !== undefined) waits.push(wait);
    }
    if (waits.length > 0) this.#hold(controller, waits);
    else if (this.#answer !== undefined) this.#finishStream(controller);
  }

  /**
   * Takes one message of the stream. What has to wait (for the client to take more, for an answer to the server)
   * is returned, and everything behind it in the same chunk waits as well, so that the order stays.
   */
  #readEvent(text: string, behindAnother: boolean): (() => Promise<void>) | undefined {
    const message = parseServerMessage(text);
    if (message.kind === 'answer') {
      if (message.idJson === this.#options.idJson) this.#answer = message;
      return undefined;
    }
    if (message.kind === 'request') {
      this.#serverRequests += 1;
      if (this.#serverRequests > maxServerRequests) {
        throw new GaugewayError('upstream_invalid', 'the upstream asks without end instead of answering');
      }
      return () => this.#options.onServerRequest(message.method, message.idJson);
    }
    const { onNotification } = this.#options;
    if (onNotification === undefined) return undefined;
    if (behindAnother) return async () => onNotification(text);
    const taken = onNotification(text);
    return taken === undefined ? undefined : () => taken;
  }

  #hold(controller: Dispatcher.DispatchController, waits: readonly (() => Promise<void>)[]): void {
    controller.pause();
    const run = async (): Promise<void> => {
      for (const wait of waits) await wait();
    };
    const queue = run();
    if (this.#events !== undefined) this.#events.queue = queue;
    queue.then(
      () => {
        if (this.#answer === undefined) controller.resume();
        else this.#finishStream(controller);
      },
      (cause: unknown) => controller.abort(asError(cause)),
    );
  }

  #finishStream(controller: Dispatcher.DispatchController): void {
    this.#finish();
    this.#linger = setTimeout(() => controller.abort(new Error('the stream did not end')), lingerMs);
    this.#linger.unref();
    controller.resume();
  }

  #guarded(controller: Dispatcher.DispatchController, work: () => void): void {
    try {
      work();
    } catch (cause) {
      const error = asError(cause);
      this.#reject(error);
      controller.abort(error);
    }
  }

  #settled(): void {
    clearTimeout(this.#linger);
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => {
    this.#controller?.abort(new GaugewayError('interrupted', 'the client has gone'));
  };
}

/** In lower case, as media types compare. The driver gives a list of a header that came more than once: nobody's type. */
function contentTypeOf(headers: Readonly<Record<string, unknown>>): string {
  const value = headers['content-type'];
  return typeof value === 'string' ? value.toLowerCase() : '';
}

/** The body of a failed HTTP answer may be JSON-RPC, or anything else: both are fine. */
function answerOrNone(text: string): ServerAnswer | undefined {
  try {
    const message = parseServerMessage(text);
    return message.kind === 'answer' ? message : undefined;
  } catch (error) {
    if (error instanceof GaugewayError && error.code === 'upstream_invalid') return undefined;
    throw error;
  }
}

function asError(cause: unknown): Error {
  if (cause instanceof GaugewayError) return cause;
  return new GaugewayError('upstream_invalid', `the upstream's answer cannot be read: ${messageOf(cause)}`, {
    cause,
  });
}
