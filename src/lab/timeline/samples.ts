import type { SketchData } from '../../shared/latency-sketch.ts';
import type { ProcessRole } from '../../shared/stack-description.ts';
import type { ContainerSample, HostSample, ResourceUse } from './samples/container-sample.ts';
import type { LabSample } from './samples/lab-sample.ts';
import type { LogSample } from './samples/log-sample.ts';
import type { AccessLogSample, NginxSample } from './samples/nginx-sample.ts';
import type { PgbouncerSample } from './samples/pgbouncer-sample.ts';
import type { RedisSample } from './samples/redis-sample.ts';

/**
 * What each source writes, one line per source. Counters are cumulative as the source gives them:
 * rules and charts compute deltas, nothing is ever reset.
 */
export interface SampleTypes {
  load: ObservedLoad;
  postgres: PostgresSample;
  statements: StatementsSample;
  pgbouncer: PgbouncerSample;
  redis: RedisSample;
  nginx: NginxSample;
  'access-log': AccessLogSample;
  log: LogSample;
  host: HostSample;
  container: ContainerSample;
  process: ProcessSample;
  node: NodeSample;
  prometheus: PrometheusSample;
  lab: LabSample;
}
export type SourceName = keyof SampleTypes;

/** Every source, with what to say of one that nobody asked for. */
export const sources = {
  load: 'no load was sent',
  postgres: 'no PostgreSQL was given',
  statements: 'no PostgreSQL was given',
  pgbouncer: 'no PgBouncer was given',
  redis: 'no Redis was given',
  nginx: 'no nginx status page was given',
  'access-log': 'no nginx access log was given',
  log: 'no log was given',
  host: 'the machine itself was not watched',
  container: 'no container was given',
  process: 'no process was given',
  node: 'no Node process was given',
  prometheus: 'the gateway exposes no Prometheus metrics here',
  lab: 'the run did not watch itself',
} as const satisfies Record<SourceName, string>;

/** What whoever drives the load saw in the window of `windowMs` that ends at the sample's `atMs`. */
export interface ObservedLoad {
  windowMs: number;
  users: number;
  /** By request name, e.g. `tools/call echo`. */
  byName: Record<string, ObservedWindow>;
  /** Of our own generator, its worst process in each respect, starts added; missing where another tool drives the load. */
  generator?: GeneratorVitals;
  /** Each process of our own that told of this window. */
  generators?: GeneratorProcessVitals[];
  /** Processes of another tool that drive the load, where it tells of them. */
  workers?: WorkerVitals[];
  /** All requests of the last seconds, as a tool tells them that gives no distribution; null when nothing finished. */
  recent?: { spanMs: number; p50Ms: number | null; p95Ms: number | null };
  /** In the open model. */
  arrivals?: Arrivals;
}

/** What our own load generator saw: every request was timed, and the generator watched itself. */
export interface LoadSample extends ObservedLoad {
  byName: Record<string, LoadWindow>;
  generator: GeneratorVitals;
}

/** Tasks that the clock asked for. */
export interface Arrivals {
  /** All that were due: begun ones and dropped ones. */
  planned: number;
  /** Begun later than due by more than the tolerance, for want of the generator's time. */
  late: number;
  /** Not begun, because as many tasks as there may be users were under way. */
  dropped: number;
}

export interface ObservedWindow {
  /** Finished requests, failures among them. */
  requests: number;
  failures: number;
  /** Failures by kind, e.g. `http 503`, `json-rpc -32603: out of memory`, `isError`, `timeout`, `connect ECONNREFUSED`. */
  failuresByKind: Record<string, number>;
  /** From the intended start; of another tool, what it tells. */
  latency: SketchData | ReportedLatency;
  /** From the sending: the target's time without what the request waited before; in the open model. */
  service?: SketchData;
  /** Body bytes of the answers, where they were counted. */
  responseBytes?: number;
}

/** Requests that were all timed. */
export interface LoadWindow extends ObservedWindow {
  latency: SketchData;
}

/**
 * What a tool tells that gives no distribution (Locust's web API): how long the window's requests took together, and
 * rounded percentiles that cover its whole test so far, not the window. Null where it does not tell one.
 */
export interface ReportedLatency {
  sumMs: number;
  wholeTest: {
    minMs: number;
    maxMs: number;
    p50Ms: number | null;
    p95Ms: number | null;
    p99Ms: number | null;
  };
}

/** Whether a window has a distribution, from which any figure follows. */
export function isSketch(latency: SketchData | ReportedLatency): latency is SketchData {
  return 'buckets' in latency;
}

/** A process of another tool that drives the load. */
export interface WorkerVitals {
  name: string;
  /** Of one core. */
  cpuPercent: number;
}

/** The generator's own health: above its limits no latency figure can be believed. */
export interface GeneratorVitals {
  /** Of one core. */
  cpuPercent: number;
  eventLoopDelayP99Ms: number;
  /** Requests that started later than planned by more than the tolerance, and all that were planned. */
  lateStarts: number;
  plannedStarts: number;
  maxLateMs: number;
  /** Of all processes together. */
  rssBytes: number;
  /** Where the system tells: files, sockets among them, that are open, and how many may be. */
  openFiles?: number;
  maxOpenFiles?: number;
  /** Connections that this machine had no file or no local port for. */
  exhaustedConnects?: number;
}

/** One process of the generator. */
export interface GeneratorProcessVitals extends GeneratorVitals {
  pid: number;
  users: number;
}

export const connectionStates = [
  'active',
  'idle',
  'idle in transaction',
  'idle in transaction (aborted)',
  'fastpath function call',
  'disabled',
] as const;
export type ConnectionState = (typeof connectionStates)[number];

/** One look at one PostgreSQL database; the lab's own connections are left out of every count. */
export interface PostgresSample {
  /** What taking this sample took on the server. */
  serverMs: number;
  /** Of the transactions in `database`, those of the lab's connection since it was made; missing in older bundles. */
  ownTransactions?: number;
  maxConnections: number;
  connections: { state: ConnectionState; count: number; maxStateAgeS: number; maxTransactionAgeS: number }[];
  /** `idle in transaction` by what was run last, oldest first, at most 20. */
  idleInTransaction: {
    query: string;
    applicationName: string;
    count: number;
    maxAgeS: number;
    meanAgeS: number;
  }[];
  /** Active backends by what they wait for; `CPU` when they wait for nothing. */
  activeByWait: { wait: string; count: number }[];
  tables: TableCounters[];
  /** Backends that wait for a lock, with those that hold it. */
  blocked: { pid: number; ageS: number; query: string; blockers: number[] }[];
  database: {
    xactCommit: number;
    xactRollback: number;
    blksHit: number;
    blksRead: number;
    tempBytes: number;
    deadlocks: number;
    /** Epoch milliseconds of the last `pg_stat_reset`, null when never. */
    statsResetMs: number | null;
  };
}

/** pg_stat_user_tables, cumulative. */
export interface TableCounters {
  schema: string;
  table: string;
  liveRows: number;
  deadRows: number;
  seqScan: number;
  seqTupRead: number;
  idxScan: number;
  idxTupFetch: number;
  inserted: number;
  updated: number;
  deleted: number;
}

/** pg_stat_statements, cumulative, the 50 with the most total time; in its own slower slot. */
export interface StatementsSample {
  statements: {
    queryId: string;
    query: string;
    calls: number;
    rows: number;
    totalMs: number;
    sharedBlksHit: number;
    sharedBlksRead: number;
    tempBlksWritten: number;
  }[];
}

/** From /proc: works for any process. */
export interface ProcessSample {
  pid: number;
  role: ProcessRole;
  /** Of one core, over the interval since the last sample. */
  cpuPercent: number;
  rssBytes: number;
  threads: number;
  /** Null when another user's process does not show them. */
  openFiles: number | null;
  /** Cumulative time in which its main thread was ready to run and had no CPU; where the kernel tells. */
  runQueueMs?: number;
  /** Cumulative bytes that reached block devices; null when another user's process does not show them. */
  block?: { readBytes: number; writtenBytes: number } | null;
  /** What its control group holds it to; missing where the kernel has none. */
  group?: Pick<ResourceUse, 'cpuLimitCores' | 'throttling' | 'pressure'> & {
    memoryLimitBytes: number | null;
  };
}

/** A running Node process, seen through its inspector. Delays and GC cover the interval since the last sample. */
export interface NodeSample {
  pid: number;
  /** The histogram's own resolution is subtracted. */
  eventLoopDelayP50Ms: number;
  eventLoopDelayP99Ms: number;
  eventLoopDelayMaxMs: number;
  /** 0..1 */
  eventLoopUtilization: number;
  gcCount: number;
  gcMs: number;
  heapUsedBytes: number;
  /** What C++ objects hold for JavaScript, array buffers among it. */
  externalBytes: number;
  /** Missing in runs from before it was asked for. */
  arrayBuffersBytes?: number;
  activeResources: number;
}

/** Samples by `name{label="value"}` as exposed, histograms' buckets left out. */
export interface PrometheusSample {
  metrics: Record<string, number>;
}
