/** One metric of GET /metrics/prometheus. Names and units follow the Prometheus naming conventions. */
export interface MetricSpec {
  name: string;
  kind: 'counter' | 'gauge' | 'histogram';
  /** A label without a value is left out, as an attribute that does not apply. */
  labels: readonly string[];
  help: string;
  /** Of a histogram: upper bounds of its buckets, in its unit, ascending. */
  bounds?: readonly number[];
  /** Different sets of labels that are kept; the rest share one, which says `otel_metric_overflow="true"`. */
  maxSeries?: number;
}

/** In seconds, as OpenTelemetry's conventions for MCP advise for each duration. */
const advisedBounds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
/**
 * The first advised bucket ends at 10 ms, where a gateway whose own share of a call is a fraction of a millisecond
 * could be ten times as slow as before and still be in it. So the advised bounds are extended downwards.
 */
const operationBounds = [0.0002, 0.0005, 0.001, 0.002, 0.005, ...advisedBounds];
/**
 * OpenTelemetry's SDKs keep 2,000 sets of attributes. A set is 22 lines here, of some 200 bytes: this many keep a
 * scrape well below the 4 MiB that the lab reads at most, once a second.
 */
const maxOperationSeries = 400;

/** As OpenTelemetry's SDKs name the set of attributes for whatever came after the last one that was kept. */
export const overflowLabel = 'otel_metric_overflow';

/** What both kinds of operations have in common. */
const outcomeLabels = [
  'gen_ai_tool_name',
  'error_type',
  'rpc_response_status_code',
  'mcp_protocol_version',
  'network_transport',
] as const;

/** Every metric, once. What is missing here cannot be exposed. */
export const metricTable = {
  httpRequests: {
    name: 'gaugeway_http_requests_total',
    kind: 'counter',
    labels: ['endpoint', 'status'],
    help: 'Answered HTTP requests by endpoint (mcp or control) and class of status.',
  },
  httpInFlight: {
    name: 'gaugeway_http_requests_in_flight',
    kind: 'gauge',
    labels: [],
    help: 'HTTP requests being served.',
  },
  toolCalls: {
    name: 'gaugeway_tool_calls_total',
    kind: 'counter',
    labels: ['tool', 'outcome'],
    help: 'Finished tool calls by tool and outcome (success or failure).',
  },
  serverOperation: {
    name: 'mcp_server_operation_duration_seconds',
    kind: 'histogram',
    labels: ['mcp_method_name', ...outcomeLabels, overflowLabel],
    help: 'Time from receiving a request or notification of a client to its answer (OpenTelemetry: mcp.server.operation.duration).',
    bounds: operationBounds,
    maxSeries: maxOperationSeries,
  },
  clientOperation: {
    name: 'mcp_client_operation_duration_seconds',
    kind: 'histogram',
    labels: [
      'gaugeway_upstream',
      'mcp_method_name',
      ...outcomeLabels,
      'server_address',
      'server_port',
      overflowLabel,
    ],
    help: 'Time from sending a request or notification to an upstream to its answer (OpenTelemetry: mcp.client.operation.duration).',
    bounds: operationBounds,
    maxSeries: maxOperationSeries,
  },
  serverSession: {
    name: 'mcp_server_session_duration_seconds',
    kind: 'histogram',
    labels: ['mcp_protocol_version', 'network_transport'],
    help: 'Life of the sessions that clients ended with DELETE; abandoned ones are not in it (OpenTelemetry: mcp.server.session.duration).',
    bounds: advisedBounds,
  },
  upstreamErrors: {
    name: 'gaugeway_upstream_errors_total',
    kind: 'counter',
    labels: ['gateway', 'code'],
    help: 'Requests that an upstream did not answer, by gateway and error code.',
  },
  upstreamReachable: {
    name: 'gaugeway_upstream_reachable',
    kind: 'gauge',
    labels: ['gateway'],
    help: 'Whether the upstream answered when it was last asked.',
  },
  catalogTools: {
    name: 'gaugeway_catalog_tools',
    kind: 'gauge',
    labels: [],
    help: 'Tools in the catalogue.',
  },
  metricsBuffered: {
    name: 'gaugeway_metrics_buffered_rows',
    kind: 'gauge',
    labels: [],
    help: 'Recorded calls that are not in tool_metrics yet.',
  },
  metricsWritten: {
    name: 'gaugeway_metrics_written_rows_total',
    kind: 'counter',
    labels: [],
    help: 'Recorded calls written to tool_metrics.',
  },
  metricsDropped: {
    name: 'gaugeway_metrics_dropped_rows_total',
    kind: 'counter',
    labels: [],
    help: 'Recorded calls lost because the buffer was full or the store refused them.',
  },
  metricsFailedWrites: {
    name: 'gaugeway_metrics_failed_writes_total',
    kind: 'counter',
    labels: [],
    help: 'Batches of recorded calls that could not be written.',
  },
  spansExported: {
    name: 'gaugeway_spans_exported_total',
    kind: 'counter',
    labels: [],
    help: 'Spans that the receiver took.',
  },
  spansDropped: {
    name: 'gaugeway_spans_dropped_total',
    kind: 'counter',
    labels: ['reason'],
    help: 'Spans lost by reason (buffer_full, export_failed or rejected by the receiver).',
  },
  storageHealthy: {
    name: 'gaugeway_storage_healthy',
    kind: 'gauge',
    labels: [],
    help: 'Whether the storage answered when it was last asked.',
  },
  poolConnections: {
    name: 'gaugeway_pg_pool_connections',
    kind: 'gauge',
    labels: ['state'],
    help: 'Connections of the PostgreSQL pool by state (idle or used).',
  },
  poolWaiting: {
    name: 'gaugeway_pg_pool_waiting',
    kind: 'gauge',
    labels: [],
    help: 'Callers that wait for a connection of the PostgreSQL pool.',
  },
  cpuSeconds: {
    name: 'process_cpu_seconds_total',
    kind: 'counter',
    labels: [],
    help: 'User and system CPU time of this process.',
  },
  residentMemory: {
    name: 'process_resident_memory_bytes',
    kind: 'gauge',
    labels: [],
    help: 'Resident memory of this process.',
  },
  heapUsed: {
    name: 'nodejs_heap_size_used_bytes',
    kind: 'gauge',
    labels: [],
    help: 'Used part of the JavaScript heap.',
  },
  startTime: {
    name: 'process_start_time_seconds',
    kind: 'gauge',
    labels: [],
    help: 'Start of this process, seconds since the epoch.',
  },
  eventLoopDelay: {
    name: 'nodejs_eventloop_delay_seconds',
    kind: 'gauge',
    labels: ['quantile'],
    help: 'How late timers ran since the last scrape; the timer of the measurement itself is subtracted.',
  },
  eventLoopUtilization: {
    name: 'nodejs_eventloop_utilization_ratio',
    kind: 'gauge',
    labels: [],
    help: 'Share of the time since the last scrape in which the event loop was busy.',
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricKey = keyof typeof metricTable;

/** Every key, in the order of the table. */
export const metricKeys: readonly MetricKey[] = Object.keys(metricTable).filter(isMetricKey);

function isMetricKey(key: string): key is MetricKey {
  return key in metricTable;
}
