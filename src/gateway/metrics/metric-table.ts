/** One metric of GET /metrics/prometheus. Names and units follow the Prometheus naming conventions. */
export interface MetricSpec {
  name: string;
  kind: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
}

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
  toolCallDuration: {
    name: 'gaugeway_tool_call_duration_seconds',
    kind: 'histogram',
    labels: [],
    help: 'Time from the start of a tool call to its answer.',
  },
  upstreamDuration: {
    name: 'gaugeway_upstream_request_duration_seconds',
    kind: 'histogram',
    labels: ['gateway'],
    help: 'Time from sending a request to an upstream to its answer, by gateway.',
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
