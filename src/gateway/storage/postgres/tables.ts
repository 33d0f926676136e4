import type { ColumnType, Generated, JSONColumnType } from 'kysely';
import type { SketchData } from '../../../shared/latency-sketch.ts';

/** The schema as Kysely sees it; the migrations create it. */
export interface Tables {
  gateways: GatewaysTable;
  tools: ToolsTable;
  servers: ServersTable;
  server_tools: ServerToolsTable;
  tool_metrics: ToolMetricsTable;
  tool_metrics_totals: ToolMetricsTotalsTable;
  catalog_version: CatalogVersionTable;
}

type JsonObject = JSONColumnType<Record<string, unknown>>;
/** bigint and numeric arrive as text, because they may not fit a double. */
type BigintColumn = ColumnType<string, number | string, number | string>;

export interface GatewaysTable {
  id: string;
  name: string;
  slug: string;
  url: string;
  description: string | null;
  transport: 'STREAMABLEHTTP';
  enabled: boolean;
  reachable: boolean;
  last_error: string | null;
  capabilities: JsonObject;
  created_at: Date;
  updated_at: Date;
}

export interface ToolsTable {
  id: string;
  gateway_id: string;
  name: string;
  original_name: string;
  definition: JsonObject;
  created_at: Date;
  updated_at: Date;
}

export interface ServersTable {
  id: string;
  name: string;
  description: string | null;
  created_at: Date;
  updated_at: Date;
}

/** Which tools a virtual server bundles, in its order. */
export interface ServerToolsTable {
  server_id: string;
  tool_id: string;
  position: number;
}

export interface ToolMetricsTable {
  id: Generated<string>;
  tool_id: string;
  timestamp: Date;
  /** Seconds. */
  response_time: number;
  is_success: boolean;
  error_message: string | null;
}

/** One mergeable aggregate per tool, see LatencySketch. */
export interface ToolMetricsTotalsTable {
  tool_id: string;
  calls: BigintColumn;
  failures: BigintColumn;
  last_call: Date | null;
  latency: JSONColumnType<SketchData>;
}

/** One row; its version grows with every change of the catalogue, in the transaction of that change. */
export interface CatalogVersionTable {
  id: number;
  version: BigintColumn;
}
