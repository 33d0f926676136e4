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

/** A tool of a gateway. */
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

/** Everything that is registered, as of one moment. */
export interface CatalogContents {
  /** Grows with every change, by whichever replica. */
  version: number;
  gateways: GatewayRecord[];
  tools: ToolRecord[];
  servers: ServerRecord[];
}

/**
 * Registry of gateways, their tools and the virtual servers. Reads are of the whole, because every replica
 * serves from memory. Throws GaugewayError conflict | not_found | unavailable.
 */
export interface CatalogStore {
  load(): Promise<CatalogContents>;
  /** The gateway and its tools in one transaction. */
  addGateway(gateway: GatewayRecord, tools: ToolRecord[]): Promise<void>;
  /** With its tools and their metrics. */
  deleteGateway(id: string): Promise<void>;
  /** `toolIds` keep their order. */
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

/** Recorded calls and what they add up to. */
export interface MetricsStore {
  /**
   * One batch: the rows, and the deltas to merge into the aggregates, in one transaction. What belongs to a
   * tool that is gone is left out. Throws GaugewayError unavailable when the same batch may be tried again.
   */
  write(rows: ToolCallRecord[], deltas: ToolAggregate[]): Promise<void>;
  readAggregates(): Promise<ToolAggregate[]>;
}

/** What the last look at the storage gave. */
export interface StorageHealth {
  healthy: boolean;
  /** Why not, in one line without secrets. */
  error: string | null;
}

/**
 * Watches the storage from outside the pool that does the work. `health` is the answer of the last look and
 * costs nothing; it is not healthy before the first look, nor when that is more than two seconds old.
 */
export interface StorageWatch {
  health(): StorageHealth;
  /** Tells each change of the catalogue's version from then on, its own replica's changes included. */
  start(onCatalogVersion: (version: number) => void): void;
  stop(): Promise<void>;
}

/** One kind of storage, opened. */
export interface Storage {
  catalog: CatalogStore;
  metrics: MetricsStore;
  watch: StorageWatch;
  /** Connections of the pool that does the work; all zero where there is none. */
  poolState(): { total: number; idle: number; waiting: number };
  close(): Promise<void>;
}
