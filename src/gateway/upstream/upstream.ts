import type { ServerAnswer } from '../../protocol/server-message.ts';
import type { MetaContent } from '../../protocol/wire-codec.ts';

/**
 * The port to one MCP server behind the gateway. A transport (streamable HTTP now; SSE, stdio and REST later)
 * implements it in one file. One `call` is one upstream request on a warm, pooled connection and session.
 */
export interface Upstream {
  readonly gatewayId: string;
  /** Connects, negotiates the era once, and lists every tool. Throws GaugewayError upstream_*. */
  discover(signal: AbortSignal): Promise<UpstreamDiscovery>;
  /**
   * Sends one JSON-RPC request and relays its answer as it comes. `request` is the whole message, its id already
   * re-minted. Throws GaugewayError upstream_* only before the first byte of an answer was relayed.
   */
  call(request: UpstreamRequest, signal?: Cancellation): Promise<UpstreamAnswer>;
  /** Ends the session (DELETE where there is one) and closes every connection. */
  close(): Promise<void>;
}

/** The part of an AbortSignal that a call needs, since a whole one costs more than most steps of a call. */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface UpstreamDiscovery {
  era: 'legacy' | 'modern';
  protocolVersion: string;
  serverInfo: Record<string, unknown>;
  capabilities: Record<string, unknown>;
  instructions?: string;
  /** As the upstream gave them, unknown fields included. */
  tools: Record<string, unknown>[];
}

export interface UpstreamRequest {
  method: string;
  /** `params.name` or `params.uri` as the upstream knows it, for `Mcp-Name`. */
  name?: string;
  /** JSON of `params`, byte for byte as the client sent them but for the name. */
  paramsJson: string;
  /** What `params._meta` holds: nothing (there is none), the envelope of a modern client, or other things only. */
  meta: MetaContent;
  /** `Mcp-Param-*` headers and trace context to forward. */
  headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Takes each notification that precedes the answer, whole, in order, as it comes. A promise pauses the
   * upstream until it settles. Absent: the client takes no stream, notifications are dropped.
   */
  onNotification?: ((messageJson: string) => void | Promise<void>) | undefined;
  /** Told what the request was sent as; again when it is sent anew. */
  onSent?: ((sent: SentRequest) => void) | undefined;
}

/** What only the transport knows of a request. */
export interface SentRequest {
  /** Id of the request towards the upstream. */
  readonly id: number;
  readonly protocolVersion: string;
  /** Name of the upstream's gateway record. */
  readonly upstream: string;
  readonly address: string;
  readonly port: number;
}

/** The JSON-RPC response: `result` or `error` member as JSON text, byte for byte, and what was seen in passing. */
export type UpstreamAnswer = ServerAnswer;
