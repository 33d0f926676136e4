import { failureKind } from './failure-kind.ts';
import type { HttpAnswer, HttpFailure, HttpOutcome, HttpRequest, HttpTarget } from './http-target.ts';
import { agreedVersion, bodyOf, isResponseTo, judgeResponse, judgeStatus } from './mcp-wire.ts';
import type { Judgement, McpMessage, McpSession, Wire } from './mcp-wire.ts';
import type { TraceHeaders } from './trace-context.ts';

/** One request that has ended; times are those of performance.now: when it was meant to start, was sent and was answered. */
export interface FinishedRequest {
  name: string;
  startMs: number;
  sentMs: number;
  endMs: number;
  responseBytes: number;
  /** The kind of failure, if it failed. */
  failure: string | undefined;
}
/** Says what is wrong with a result that was complete at `endMs` (performance.now), as a kind of failure. */
export type ResultCheck = (result: Record<string, unknown>, endMs: number) => string | undefined;
type OnRequest = (request: FinishedRequest) => void;

/** `answer` is undefined when there was none; an answer can be a `failure` too. */
export interface HttpResult {
  answer: HttpAnswer | undefined;
  failure: string | undefined;
}

/**
 * One MCP client on one target: keeps the session and the request ids. `startMs` (performance.now) is when a
 * request was meant to start, now by default.
 */
export class McpClient {
  readonly #target: HttpTarget;
  readonly #wire: Wire;
  readonly #path: string;
  readonly #onRequest: OnRequest;
  readonly #traceHeaders: TraceHeaders | undefined;
  #session: McpSession | undefined;
  #lastId = 0;
  #sent = 0;

  /** `traceHeaders` go with each request that does not bring its own. */
  constructor(
    target: HttpTarget,
    wire: Wire,
    path: string,
    onRequest: OnRequest,
    traceHeaders?: TraceHeaders,
  ) {
    this.#target = target;
    this.#wire = wire;
    this.#path = path;
    this.#onRequest = onRequest;
    this.#traceHeaders = traceHeaders;
  }

  get session(): McpSession | undefined {
    return this.#session;
  }

  /** Requests that were ever sent, of whatever kind. */
  get sent(): number {
    return this.#sent;
  }

  /** The handshake of the era; when it failed there is no session. */
  async open(startMs = performance.now()): Promise<Judgement> {
    this.#session = undefined;
    const { outcome, judgement } = await this.#exchange(this.#wire.hello, this.#wire.hello.method, startMs);
    if (judgement.failure !== undefined) return judgement;
    const session: McpSession = {
      sessionId: 'failure' in outcome ? undefined : outcome.sessionId,
      protocolVersion: agreedVersion(judgement.result, this.#wire),
    };
    this.#session = session;
    if (this.#wire.era === 'modern') return judgement;
    const failure = await this.#notify(this.#wire.message('notifications/initialized'), session);
    if (failure === undefined) return judgement;
    this.#session = undefined;
    return { failure, detail: 'notifications/initialized was not accepted' };
  }

  /**
   * Sends a request and waits for its result; `check` gives the kind of failure of a result that is not as it should be.
   * A lost session is forgotten, so that the next step opens one.
   */
  async request(
    message: McpMessage,
    name: string,
    startMs = performance.now(),
    check?: ResultCheck,
  ): Promise<Judgement> {
    const { judgement } = await this.#exchange(message, name, startMs, check);
    if (judgement.failure !== undefined && judgement.sessionLost === true) this.#session = undefined;
    return judgement;
  }

  /**
   * Any other request to the same origin, counted under `name`. `judge` says what is wrong with an answer, as a
   * kind of failure; without it every status but 2xx is. MCP's own headers are the caller's business here.
   */
  async http(
    request: HttpRequest,
    name: string,
    startMs = performance.now(),
    judge: (answer: HttpAnswer) => string | undefined = judgeStatus,
  ): Promise<HttpResult> {
    const sentMs = performance.now();
    const outcome = await this.#send(request, name);
    const answer = 'failure' in outcome ? undefined : outcome;
    const failure = 'failure' in outcome ? outcome.failure : judge(outcome);
    this.#tell(name, startMs, sentMs, outcome, failure);
    return { answer, failure };
  }

  /** Ends the session, if there is one to end; 405 is a server's right (2025-11-25, session management). */
  async close(startMs = performance.now()): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session?.sessionId === undefined) return;
    const sentMs = performance.now();
    const headers = this.#wire.headers(this.#wire.hello, session);
    const name = 'DELETE session';
    const outcome = await this.#send({ method: 'DELETE', path: this.#path, headers }, name);
    this.#tell(name, startMs, sentMs, outcome, judgeStatus(outcome, [405]));
  }

  async #exchange(
    message: McpMessage,
    name: string,
    startMs: number,
    check?: ResultCheck,
  ): Promise<{ outcome: HttpAnswer | HttpFailure; judgement: Judgement }> {
    const id = (this.#lastId += 1);
    const hadSession = this.#session?.sessionId !== undefined;
    const sentMs = performance.now();
    const outcome = await this.#send(
      {
        method: 'POST',
        path: this.#path,
        headers: this.#wire.headers(message, this.#session),
        body: bodyOf(message, id),
        wantsBody: true,
        isAnswer: (data) => isResponseTo(id, data),
      },
      name,
    );
    const judgement = checked(judgeResponse(outcome, id, hadSession), outcome.endMs, check);
    this.#tell(name, startMs, sentMs, outcome, kindOf(judgement));
    return { outcome, judgement };
  }

  async #notify(message: McpMessage, session: McpSession): Promise<string | undefined> {
    const startMs = performance.now();
    const outcome = await this.#send(
      {
        method: 'POST',
        path: this.#path,
        headers: this.#wire.headers(message, session),
        body: bodyOf(message, undefined),
      },
      message.method,
    );
    const failure = judgeStatus(outcome);
    this.#tell(message.method, startMs, startMs, outcome, failure);
    return failure;
  }

  #send(request: HttpRequest, name: string): Promise<HttpOutcome> {
    this.#sent += 1;
    if (this.#traceHeaders === undefined) return this.#target.send(request);
    const headers = { ...this.#traceHeaders(name), ...request.headers };
    return this.#target.send({ ...request, headers });
  }

  #tell(
    name: string,
    startMs: number,
    sentMs: number,
    outcome: HttpAnswer | HttpFailure,
    failure: string | undefined,
  ): void {
    const responseBytes = 'failure' in outcome ? 0 : outcome.bytes;
    this.#onRequest({ name, startMs, sentMs, endMs: outcome.endMs, responseBytes, failure });
  }
}

function checked(judgement: Judgement, endMs: number, check: ResultCheck | undefined): Judgement {
  if (check === undefined || judgement.failure !== undefined) return judgement;
  const failure = check(judgement.result, endMs);
  return failure === undefined ? judgement : { failure, detail: '' };
}

function kindOf(judgement: Judgement): string | undefined {
  return judgement.failure === undefined ? undefined : failureKind(judgement.failure, judgement.detail);
}
