import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../shared/logger.ts';
import type { PipelinePorts } from '../pipeline.ts';
import type { HostGuard } from './host-guard.ts';

export interface McpHandlerDeps extends PipelinePorts {
  hostGuard: HostGuard;
  /** Largest request body, in bytes. */
  maxBodyBytes: number;
  /** What the gateway calls itself towards clients. */
  serverInfo: { name: string; version: string };
  logger: Logger;
}

/** Serves one MCP endpoint request; `scopeId` is the virtual server's id, or `allToolsScope` for `/mcp`. */
export interface McpHandler {
  (req: IncomingMessage, res: ServerResponse, scopeId: string): void;
  /** Requests that are being served now. */
  readonly inFlight: number;
}

/** MCP Streamable HTTP on plain node:http, both eras at one endpoint. */
export declare function createMcpHandler(deps: McpHandlerDeps): McpHandler;
