import type { SketchData } from '../../shared/latency-sketch.ts';

/** An MCP server registered with the gateway (ContextForge calls it a gateway, and so do the paths). */
export interface GatewayRecord {
  id: string;
  name: string;
  slug: string;
  url: string;
  description: string | null;
  transport: 'STREAMABLEHTTP';
  enabled: boolean;
  reachable: boolean;
  lastError: string | null;
  /** What discovery said: era, protocolVersion, serverInfo, capabilities. */
  capabilities: Record<string, unknown>;
  createdAt: Date;
  updatedAt: Date;
}

export interface ToolRecord {
  id: string;
  gatewayId: string;
  /** Exposed name, unique. */
  name: string;
  originalName: string;
  /** The tool object as the upstream gave it. */
  definition: Record<string, unknown>;
  createdAt: Date;
  updatedAt: Date;
}

/** A virtual server: a named bundle of tools with its own MCP endpoint. */
export interface ServerRecord {
  id: string;
  name: string;
  description: string | null;
  toolIds: string[];
  createdAt: Date;
  updatedAt: Date;
}

/** Registry of gateways, their tools and the virtual servers. Throws GaugewayError conflict | not_found | unavailable. */
export interface CatalogStore {
  listGateways(): Promise<GatewayRecord[]>;
  getGateway(id: string): Promise<GatewayRecord>;
  /** The gateway and its tools in one transaction. */
  addGateway(gateway: GatewayRecord, tools: ToolRecord[]): Promise<void>;
  deleteGateway(id: string): Promise<void>;
  listTools(): Promise<ToolRecord[]>;
  getTool(id: string): Promise<ToolRecord>;
  listServers(): Promise<ServerRecord[]>;
  getServer(id: string): Promise<ServerRecord>;
  addServer(server: ServerRecord): Promise<void>;
  deleteServer(id: string): Promise<void>;
}

/** One finished tool call, a row of `tool_metrics`. */
export interface ToolCallRecord {
  toolId: string;
  timestampMs: number;
  /** Seconds. */
  responseTime: number;
  isSuccess: boolean;
  errorMessage: string | null;
}

/** Mergeable aggregate of one tool, so that reading metrics never scans the table. */
export interface ToolAggregate {
  toolId: string;
  calls: number;
  failures: number;
  lastCallMs: number;
  latency: SketchData;
}

export interface MetricsStore {
  /** One batch: the rows, and the deltas to merge into the aggregates, in one transaction. */
  write(rows: ToolCallRecord[], deltas: ToolAggregate[]): Promise<void>;
  readAggregates(): Promise<ToolAggregate[]>;
}
