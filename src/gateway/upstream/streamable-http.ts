import type { Upstream } from './upstream.ts';

export interface StreamableHttpUpstreamOptions {
  /** Id of the gateway record. */
  gatewayId: string;
  /** Name for error messages; defaults to the id. */
  name?: string;
  /** The MCP endpoint, e.g. `http://127.0.0.1:9000/mcp`. Check it with `guardUpstreamUrl` first. */
  url: string;
  /** Longest silence of the upstream before its answer, and between two chunks of a stream. Default 60,000. */
  timeoutMs?: number;
  /** Largest answer accepted, in bytes. Default 16 MiB. */
  maxResponseBytes?: number;
  /** Connections to this upstream. Default 64. */
  maxConnections?: number;
}

/** The upstream port over MCP Streamable HTTP, both eras. Connects on first use; never at construction. */
export declare function createStreamableHttpUpstream(options: StreamableHttpUpstreamOptions): Upstream;
