import { Pool } from 'undici';
import { codecs } from '../../protocol/codecs.ts';
import { errorMember, requestMessage, responseMessage } from '../../protocol/json-rpc.ts';
import { answeredError } from '../../protocol/operation-error.ts';
import { isRecord } from '../../protocol/record.ts';
import type { ClientCodec, Implementation, Peer, SendMessage, SentReply } from '../../protocol/wire-codec.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import { nowMs, sleep } from '../../shared/clock.ts';
import type { Logger } from '../../shared/logger.ts';
import { serverOf } from '../../shared/server-of.ts';
import type { Operation } from '../metrics/operation-recorder.ts';
import { AnswerReader } from './answer-reader.ts';
import { guardedLookup } from './guarded-lookup.ts';
import { upstreamError } from './upstream-error.ts';
import type {
  Cancellation,
  Upstream,
  UpstreamAnswer,
  UpstreamDiscovery,
  UpstreamRequest,
} from './upstream.ts';

export interface StreamableHttpUpstreamOptions {
  /** Id of the gateway record. */
  gatewayId: string;
  /** Name for error messages; defaults to the id. */
  name?: string;
  /** The MCP endpoint, e.g. `http://127.0.0.1:9000/mcp`. Check it with `guardUpstreamUrl` first. */
  url: string;
  /** Whether its host name may resolve to private and loopback addresses. */
  allowPrivate: boolean;
  /** What the gateway calls itself towards upstreams. */
  self: Implementation;
  logger: Logger;
  /** The meter of one kind of request to this upstream, asked for once where all goes well. */
  meter?: (operation: Operation) => OperationTimer;
  /** Longest silence of the upstream before its answer, and between two chunks of a stream. Default 60,000. */
  timeoutMs?: number;
  /** Largest answer accepted, and largest list of tools over all its pages, in bytes. Default 16 MiB. */
  maxResponseBytes?: number;
  /** Connections to this upstream. Default 64. */
  maxConnections?: number;
}

/** The upstream port over MCP Streamable HTTP, both eras. Connects on first use; never at construction. */
export function createStreamableHttpUpstream(options: StreamableHttpUpstreamOptions): Upstream {
  return new StreamableHttpUpstream(options);
}

/** A verdict about the era is asked again after this time: a server that was upgraded would never be noticed. */
const verdictLifeMs = 24 * 3_600_000;
const closeTimeoutMs = 5_000;
/** A call may take long as long as it shows signs of life, but not forever: whoever waited for it has gone. */
const maxCallMs = 3_600_000;
/** More than any server has: one that repeats its cursor forever, or makes tools up. */
const maxPages = 1_000;
const maxTools = 10_000;
/** Names come from the catalogue, so that this is never reached but by a catalogue that changes all the time. */
const maxKinds = 10_000;

/** Takes how long an operation took. */
interface OperationTimer {
  observe(seconds: number): void;
}

/** What requests of one kind have in common, put together once. */
interface Outgoing {
  readonly operation: Operation;
  readonly headers: string[];
  /** Of those that go well; made by the first one. */
  timer?: OperationTimer;
}

/** A negotiated era and, where there is one, a session: shared by all calls. */
interface Link {
  readonly codec: ClientCodec;
  readonly peer: Peer;
  readonly sinceMs: number;
  readonly outgoing: Map<string, Outgoing>;
}

class StreamableHttpUpstream implements Upstream {
  readonly gatewayId: string;
  readonly #name: string;
  readonly #path: string;
  readonly #server: { address: string; port: number };
  readonly #pool: Pool;
  readonly #self: Implementation;
  readonly #logger: Logger;
  readonly #meter: StreamableHttpUpstreamOptions['meter'];
  readonly #timeoutMs: number;
  readonly #maxResponseBytes: number;
  #link: Link | undefined;
  #connecting: Promise<Link> | undefined;
  #lastId = 0;

  constructor(options: StreamableHttpUpstreamOptions) {
    const url = new URL(options.url);
    this.gatewayId = options.gatewayId;
    this.#name = options.name ?? options.gatewayId;
    this.#path = url.pathname + url.search;
    this.#server = serverOf(options.url);
    this.#self = options.self;
    this.#logger = options.logger;
    this.#meter = options.meter;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.#maxResponseBytes = options.maxResponseBytes ?? 16 * 1024 * 1024;
    this.#pool = new Pool(url.origin, {
      connections: options.maxConnections ?? 64,
      connect: { timeout: Math.min(5_000, this.#timeoutMs), lookup: guardedLookup(options) },
      headersTimeout: this.#timeoutMs,
      bodyTimeout: this.#timeoutMs,
    });
  }

  async discover(signal: AbortSignal): Promise<UpstreamDiscovery> {
    const { peer } = await this.#linked();
    const tools: Record<string, unknown>[] = [];
    let cursor: string | undefined;
    let length = 0;
    for (let page = 0; ; page += 1) {
      if (page === maxPages) throw this.#invalid(`its list of tools has no end after ${maxPages} pages`);
      const paramsJson = cursor === undefined ? '{}' : JSON.stringify({ cursor });
      const answer = await this.call({ method: 'tools/list', paramsJson, meta: 'none' }, signal);
      length += answer.json.length;
      if (length > this.#maxResponseBytes) {
        throw this.#invalid(`its list of tools is larger than ${this.#maxResponseBytes} bytes`);
      }
      const content: unknown = JSON.parse(answer.json);
      if (answer.member === 'error' || !isRecord(content) || !Array.isArray(content['tools'])) {
        throw this.#invalid(`its answer to tools/list is no list of tools: ${answer.json.slice(0, 200)}`);
      }
      if (tools.length + content['tools'].length > maxTools) {
        throw this.#invalid(`it has more than ${maxTools} tools`);
      }
      tools.push(...content['tools'].filter(isRecord));
      const next = content['nextCursor'];
      if (typeof next !== 'string') break;
      cursor = next;
    }
    const { era, protocolVersion, serverInfo, capabilities, instructions } = this.#link?.peer ?? peer;
    return {
      era,
      protocolVersion,
      serverInfo,
      capabilities,
      ...(instructions === undefined ? {} : { instructions }),
      tools,
    };
  }

  call(request: UpstreamRequest, signal?: Cancellation): Promise<UpstreamAnswer> {
    const link = this.#link;
    if (link === undefined || nowMs() - link.sinceMs > verdictLifeMs) {
      return this.#linked().then((found) => this.#callOver(found, request, signal, 'first'));
    }
    return this.#callOver(link, request, signal, 'first');
  }

  async close(): Promise<void> {
    const link = this.#link;
    this.#link = undefined;
    if (link?.peer.sessionId !== undefined) await this.#endSession(link);
    const closed = this.#pool.close();
    const timer = new AbortController();
    const late = sleep(closeTimeoutMs, timer.signal).then(() => this.#pool.destroy());
    await Promise.race([closed, late]);
    timer.abort();
    await late;
  }

  async #callOver(
    link: Link,
    request: UpstreamRequest,
    signal: Cancellation | undefined,
    attempt: 'first' | 'second',
  ): Promise<UpstreamAnswer> {
    this.#lastId += 1;
    const idJson = String(this.#lastId);
    const paramsJson = link.codec.params(request.paramsJson, request.meta, this.#self);
    const body = requestMessage(idJson, request.method, paramsJson);
    const outgoing = this.#outgoingFor(link, request.method, request.name);
    let { headers } = outgoing;
    if (request.headers !== undefined) headers = [...headers, ...Object.entries(request.headers).flat()];

    request.onSent?.({
      id: this.#lastId,
      protocolVersion: link.peer.protocolVersion,
      upstream: this.#name,
      ...this.#server,
    });
    const message = { headers, body, idJson, onNotification: request.onNotification };
    const { status, answer } = await this.#post(link, outgoing, message, signal);
    if (answer !== undefined && status === 200) return answer;

    const answeredUs = answer?.idJson === idJson;
    if (attempt === 'first' && link.codec.forgotten(link.peer, status, answeredUs)) {
      if (this.#link === link) this.#link = undefined;
      return this.#callOver(await this.#linked(), request, signal, 'second');
    }
    if (answer !== undefined && answeredUs) return answer;
    throw httpFailure(this.#name, status);
  }

  /** The current link, or a new one: however many calls wait for it, the upstream is asked once. */
  #linked(): Promise<Link> {
    const link = this.#link;
    if (link !== undefined && nowMs() - link.sinceMs <= verdictLifeMs) return Promise.resolve(link);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connect(): Promise<Link> {
    const send: SendMessage = ({ method, paramsJson, notification }, headers) => {
      this.#lastId += 1;
      const idJson = notification === true ? undefined : String(this.#lastId);
      const body = requestMessage(idJson, method, paramsJson);
      const outgoing: Outgoing = { operation: { method }, headers: flatHeaders(headers) };
      return this.#post(undefined, outgoing, { headers: outgoing.headers, body, idJson });
    };
    try {
      for (const { client } of codecs) {
        const peer = await client.connect(send, this.#self);
        if (peer === undefined) continue;
        this.#link = { codec: client, peer, sinceMs: nowMs(), outgoing: new Map() };
        return this.#link;
      }
    } catch (cause) {
      throw upstreamError(this.#name, cause);
    }
    throw this.#invalid('it speaks no protocol era that is known here');
  }

  /** `outgoing` says as what it is measured; undefined for answers to the server. */
  async #post(
    link: Link | undefined,
    outgoing: Outgoing | undefined,
    message: OutgoingMessage,
    signal?: Cancellation,
  ): Promise<SentReply> {
    const { headers, body, idJson } = message;
    const reader = new AnswerReader({
      idJson,
      maxResponseBytes: this.#maxResponseBytes,
      maxAnswerMs: link === undefined ? this.#timeoutMs : maxCallMs,
      onNotification: message.onNotification,
      onServerRequest: (method, id) => this.#answerServer(link, method, id),
      signal,
    });
    const startedMs = performance.now();
    this.#pool.dispatch({ path: this.#path, method: 'POST', headers, body }, reader);
    try {
      const reply = await reader.reply;
      this.#measure(outgoing, startedMs, replyError(reply, idJson !== undefined));
      return reply;
    } catch (cause) {
      const error = upstreamError(this.#name, cause);
      this.#measure(outgoing, startedMs, { type: error.code });
      throw error;
    }
  }

  #measure(outgoing: Outgoing | undefined, startedMs: number, error: Operation['error']): void {
    if (outgoing === undefined || this.#meter === undefined) return;
    const seconds = (performance.now() - startedMs) / 1000;
    if (error !== undefined) this.#meter({ ...outgoing.operation, error }).observe(seconds);
    else (outgoing.timer ??= this.#meter(outgoing.operation)).observe(seconds);
  }

  /** We declare no client capability, so that only `ping` is ours to answer; silence would leave the server waiting. */
  async #answerServer(link: Link | undefined, method: string, idJson: string): Promise<void> {
    const refusal = new GaugewayError(
      'method_not_found',
      `method ${JSON.stringify(method)} is not served here`,
    );
    const body =
      method === 'ping'
        ? responseMessage(idJson, 'result', '{}')
        : responseMessage(idJson, 'error', errorMember(refusal));
    const headers = flatHeaders(link?.codec.headers(link.peer, method, undefined) ?? {});
    await this.#post(link, undefined, { headers, body, idJson: undefined });
  }

  #outgoingFor(link: Link, method: string, name: string | undefined): Outgoing {
    const key = name === undefined ? method : `${method} ${name}`;
    const known = link.outgoing.get(key);
    if (known !== undefined) return known;
    if (link.outgoing.size >= maxKinds) link.outgoing.clear();
    const { protocolVersion } = link.peer;
    const outgoing = {
      operation: { method, toolName: name, protocolVersion },
      headers: flatHeaders(link.codec.headers(link.peer, method, name)),
    };
    link.outgoing.set(key, outgoing);
    return outgoing;
  }

  async #endSession(link: Link): Promise<void> {
    const headers = flatHeaders(link.codec.headers(link.peer, '', undefined));
    try {
      const { body } = await this.#pool.request({
        path: this.#path,
        method: 'DELETE',
        headers,
        headersTimeout: closeTimeoutMs,
      });
      await body.dump();
    } catch (error) {
      this.#logger.debug('an upstream session was left to expire', {
        upstream: this.#name,
        reason: messageOf(error),
      });
    }
  }

  #invalid(reason: string): GaugewayError {
    return new GaugewayError('upstream_invalid', `upstream ${this.#name}: ${reason}`);
  }
}

interface OutgoingMessage {
  readonly headers: string[];
  readonly body: string;
  /** Undefined when no answer is expected. */
  readonly idJson: string | undefined;
  readonly onNotification?: UpstreamRequest['onNotification'];
}

/** How a request failed that got an answer over HTTP. */
function replyError({ status, answer }: SentReply, expectsAnswer: boolean): Operation['error'] {
  const isFine = status >= 200 && status <= 299 && (answer !== undefined || !expectsAnswer);
  return answer !== undefined && (isFine || answer.member === 'error')
    ? answeredError(answer)
    : isFine
      ? undefined
      : { type: String(status) };
}

/** As undici takes them without a copy: names and values in turn. */
function flatHeaders(headers: Record<string, string>): string[] {
  return [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    ...Object.entries(headers).flat(),
  ];
}

function httpFailure(name: string, status: number): GaugewayError {
  const code = status === 429 || status >= 500 ? 'upstream_unreachable' : 'upstream_invalid';
  return new GaugewayError(code, `upstream ${name} answered with HTTP ${status}`);
}
