import type { ErrorCode } from '../shared/errors.ts';
import type { ClientMessage } from './client-message.ts';
import type { ServerAnswer } from './server-message.ts';

/**
 * Legacy: the revisions up to 2025-11-25, with `initialize` and sessions. Modern: 2026-07-28, stateless, each
 * request with its envelope.
 */
export type Era = 'legacy' | 'modern';

/** HTTP headers, names in lower case. */
export type WireHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What the `_meta` of a request's `params` holds; known beforehand, so that nobody has to look for it again. */
export type MetaContent = 'none' | 'envelope' | 'other';

/** What a peer calls itself. */
export interface Implementation {
  readonly name: string;
  readonly version: string;
}

/** One wire era, both ways. An era is a folder, and one line in codecs.ts. */
export interface WireCodec {
  readonly era: Era;
  readonly server: ServerCodec;
  readonly client: ClientCodec;
}

/** The era as a server speaks it to its clients. */
export interface ServerCodec {
  readonly era: Era;
  /** Whether a message is of this era. Codecs are asked in the order of codecs.ts; the last one takes the rest. */
  claims(headers: WireHeaders, message: ClientMessage): boolean;
  /** Checks headers against body, versions and method, in the order of the specification. Throws GaugewayError. */
  validate(headers: WireHeaders, message: ClientMessage): void;
  /** Sessions exist: `initialize` opens one, every other message must name it. */
  readonly sessions: boolean;
  /** The one revision of an era without sessions; undefined where the session knows it. */
  readonly onlyVersion: string | undefined;
  /** JSON text of the result of a method that is served by the protocol alone. */
  protocolResult(message: ClientMessage, self: Implementation): ProtocolResult;
  /** JSON text of the result of a list: `member` is its name, `itemsJson` the array. */
  listResult(member: 'tools', itemsJson: string, self: Implementation): string;
  /** JSON text of an upstream's result, given what this era demands and another did not have. Throws upstream_invalid. */
  relayResult(answer: ServerAnswer): string;
  /** Each message carries its envelope in `params._meta`. */
  readonly enveloped: boolean;
  /** A client that goes away has cancelled its request. */
  readonly disconnectCancels: boolean;
  /** Headers of a request that go to the upstream with it: those of its payload, and its trace context. */
  forwardedHeaders(headers: WireHeaders): Record<string, string> | undefined;
  /** HTTP status with which an error is answered. */
  errorStatus(code: ErrorCode): number;
}

export interface ProtocolResult {
  readonly json: string;
  /** Set by `initialize`: the revision for which a session is to be opened. */
  readonly sessionVersion?: string;
}

/** The era as a client speaks it to a server. */
export interface ClientCodec {
  /** Asks a server whether it speaks this era; undefined when not. Rejects when the server cannot say. */
  connect(send: SendMessage, self: Implementation): Promise<Peer | undefined>;
  /** Headers of a request beyond content type and accept. */
  headers(peer: Peer, method: string, name: string | undefined): Record<string, string>;
  /** JSON text of `params` as this era sends them. */
  params(paramsJson: string, meta: MetaContent, self: Implementation): string;
  /**
   * Whether an answer with this HTTP status says that the peer has forgotten us: connect again, then repeat.
   * `answeredUs`: its body is a JSON-RPC answer to the very request.
   */
  forgotten(peer: Peer, status: number, answeredUs: boolean): boolean;
}

/** What connecting told about a server. */
export interface Peer {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly sessionId?: string;
  readonly serverInfo: Record<string, unknown>;
  readonly capabilities: Record<string, unknown>;
  readonly instructions?: string;
}

/** Posts one message for a codec that connects. Rejects with upstream_* when there is no HTTP answer. */
export type SendMessage = (
  message: { method: string; paramsJson: string; notification?: true },
  headers: Record<string, string>,
) => Promise<SentReply>;

export interface SentReply {
  readonly status: number;
  readonly sessionId: string | undefined;
  /** Undefined when the body was not a JSON-RPC answer. */
  readonly answer: ServerAnswer | undefined;
}
