import {
  absentArtifacts,
  type ArtifactSlots,
  type Artifacts,
  type Series,
  type Slot,
  type Timed,
} from '../../src/lab/diagnose/artifacts.ts';
import type {
  LoadSample,
  LoadWindow,
  NodeSample,
  PostgresSample,
  ProcessSample,
  PrometheusSample,
  SampleTypes,
  SourceName,
  StatementsSample,
  TableCounters,
} from '../../src/lab/timeline/samples.ts';
import type { ContainerSample, HostSample } from '../../src/lab/timeline/samples/container-sample.ts';
import { LatencySketch } from '../../src/shared/latency-sketch.ts';
import { quietLog } from './synthetic-logs.ts';
import { healthyAccess, nginxSample } from './synthetic-nginx.ts';
import { pgbouncerSample, redisSample } from './synthetic-pools.ts';

export const gatewayPid = 100;
const gatewayTarget = `gateway (pid ${gatewayPid})`;
const steadyAtMs = 5000;

/** Draws the same numbers for the same seed (mulberry32), so that noisy tests repeat. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The load is that of our own generator. */
type HealthySamples = Omit<SampleTypes, 'load'> & { load: LoadSample };

export interface SyntheticRunOptions {
  /** Length of the steady phase. */
  seconds?: number;
  /** 0 is a quiet machine; at 1 a third of the seconds is hit by something else that runs on it. */
  noise?: number;
  seed?: number;
  /** Changes the samples of one source; `second` counts from the start of the run. */
  change?: { [S in SourceName]?: (sample: HealthySamples[S], second: number) => SampleTypes[S] };
  /** Latency of tool calls in milliseconds. */
  toolCallMs?: number;
  plans?: Artifacts['plans'];
  profiles?: Artifacts['profiles'];
}

/**
 * The artifacts of a healthy run on a machine as noisy as asked for: two seconds of baseline, three of ramp,
 * the steady phase and two of cool-down, a sample of each source a second. A fault is put in with `change`.
 */
export function syntheticRun(options: SyntheticRunOptions = {}): ArtifactSlots {
  const { seconds = 12, noise = 0, seed = 1, change = {}, toolCallMs = 4 } = options;
  const random = seededRandom(seed);
  const endMs = steadyAtMs + seconds * 1000;
  const ticks = Array.from({ length: endMs / 1000 + 2 }, (_, at) => {
    const disturbed = random() < noise / 3;
    return { second: at + 1, slow: disturbed ? 1 + noise * random() * 8 : 1 + noise * random() * 0.3 };
  });
  const series = <S extends SourceName>(
    target: string,
    sampleAt: (second: number, slow: number) => HealthySamples[S],
    changed: ((sample: HealthySamples[S], second: number) => SampleTypes[S]) | undefined,
    from = 0,
  ): Slot<Series<S>> => {
    const samples = ticks
      .filter(({ second }) => second > from)
      .map(({ second, slow }): Timed<SampleTypes[S]> => {
        const sample = sampleAt(second, slow);
        return { atMs: second * 1000, data: changed?.(sample, second) ?? sample };
      });
    return ok(new Map([[target, samples]]));
  };
  return {
    ...absentArtifacts('not part of this run'),
    phases: ok([
      { name: 'baseline', startMs: 0, endMs: 2000 },
      { name: 'ramp', startMs: 2000, endMs: steadyAtMs },
      { name: 'steady', startMs: steadyAtMs, endMs },
      { name: 'cool-down', startMs: endMs, endMs: endMs + 2000 },
    ]),
    settings: ok({ users: 10, spawnRate: 5, durationMs: seconds * 1000, scenario: 'mcp-mixed' }),
    load: series<'load'>('generator', (_, slow) => loadSample(random, slow, toolCallMs), change.load, 2),
    postgres: series<'postgres'>('postgres', postgresSample, change.postgres),
    statements: series<'statements'>('postgres', statementsSample, change.statements),
    plans: ok(options.plans ?? []),
    pgbouncer: series<'pgbouncer'>('pgbouncer', pgbouncerSample, change.pgbouncer),
    redis: series<'redis'>('redis', redisSample, change.redis),
    nginx: series<'nginx'>('nginx', (second) => nginxSample(second), change.nginx),
    'access-log': series<'access-log'>('access.log', () => healthyAccess, change['access-log']),
    log: series<'log'>('gateway (file a.log)', () => quietLog, change.log),
    host: series<'host'>('machine', (_, slow) => hostSample(slow), change.host),
    process: series<'process'>(gatewayTarget, (_, slow) => processSample(slow), change.process),
    container: series<'container'>('web', containerSample, change.container),
    node: series<'node'>(gatewayTarget, (_, slow) => nodeSample(slow), change.node),
    prometheus: series<'prometheus'>('gateway', prometheusSample, change.prometheus),
    profiles: ok(options.profiles ?? []),
  };
}

function ok<T>(value: T): Slot<T> {
  return { status: 'ok', value };
}

/** A window of `requests` that took about `meanMs` each. */
export function loadWindow(requests: number, meanMs: number, random: () => number = () => 0.5): LoadWindow {
  const sketch = new LatencySketch();
  for (let at = 0; at < requests; at += 1) sketch.record(meanMs * (0.7 + 0.6 * random()) * 1000);
  return { requests, failures: 0, failuresByKind: {}, latency: sketch.toJSON() };
}

function loadSample(random: () => number, slow: number, toolCallMs: number): LoadSample {
  return {
    windowMs: 1000,
    users: 10,
    byName: {
      'tools/call demo-echo': loadWindow(50, toolCallMs + 4 * (slow - 1), random),
      'tools/list': loadWindow(5, 2 * slow, random),
      ping: loadWindow(3, 1.5 * slow, random),
      'GET /health': loadWindow(2, 1.5 * slow, random),
    },
    generator: {
      cpuPercent: Math.min(100, 10 * slow),
      eventLoopDelayP99Ms: 3 * slow * slow,
      lateStarts: slow > 4 ? 4 : 0,
      plannedStarts: 60,
      maxLateMs: 5 * slow,
      rssBytes: 80e6,
    },
  };
}

function postgresSample(second: number): PostgresSample {
  return {
    serverMs: 2,
    maxConnections: 100,
    connections: [
      { state: 'idle', count: 8, maxStateAgeS: 30, maxTransactionAgeS: 0 },
      { state: 'active', count: 1, maxStateAgeS: 0.01, maxTransactionAgeS: 0.01 },
      { state: 'idle in transaction', count: 1, maxStateAgeS: 0.02, maxTransactionAgeS: 0.05 },
    ],
    idleInTransaction: [
      {
        query: 'INSERT INTO tool_metrics VALUES ($1)',
        applicationName: 'gaugeway',
        count: 1,
        maxAgeS: 0.02,
        meanAgeS: 0.02,
      },
    ],
    activeByWait: [{ wait: 'CPU', count: 1 }],
    tables: [
      tableCounters('tools', { liveRows: 40, seqScan: second * 20, seqTupRead: second * 800 }),
      tableCounters('tool_metrics', { liveRows: 50_000 + second * 60, inserted: second * 60 }),
    ],
    blocked: [],
    database: {
      xactCommit: second * 20,
      xactRollback: 0,
      blksHit: second * 1000,
      blksRead: 10,
      tempBytes: 0,
      deadlocks: 0,
      statsResetMs: null,
    },
  };
}

/** Counters of a table of the schema `public`; what is not given is 0. */
export function tableCounters(table: string, counters: Partial<TableCounters> = {}): TableCounters {
  return {
    schema: 'public',
    table,
    liveRows: 0,
    deadRows: 0,
    seqScan: 0,
    seqTupRead: 0,
    idxScan: 0,
    idxTupFetch: 0,
    inserted: 0,
    updated: 0,
    deleted: 0,
    ...counters,
  };
}

function statementsSample(second: number): StatementsSample {
  return { statements: [statement('1', 'INSERT INTO tool_metrics VALUES ($1)', second * 2, second * 3)] };
}

/** A line of pg_stat_statements. */
export function statement(
  queryId: string,
  query: string,
  calls: number,
  totalMs: number,
): StatementsSample['statements'][number] {
  return {
    queryId,
    query,
    calls,
    totalMs,
    rows: calls,
    sharedBlksHit: 0,
    sharedBlksRead: 0,
    tempBlksWritten: 0,
  };
}

function processSample(slow: number): ProcessSample {
  return {
    pid: gatewayPid,
    role: 'gateway',
    cpuPercent: Math.min(100, 15 * slow),
    rssBytes: 90e6,
    threads: 11,
    openFiles: 40,
  };
}

/** The gateway's container: its limits are far away. */
function containerSample(second: number, slow: number): ContainerSample {
  return {
    role: 'gateway',
    id: 'abc',
    cpuPercent: Math.min(100, 15 * slow),
    cpuLimitCores: 2,
    memoryBytes: 90e6,
    memoryLimitBytes: 512e6,
    oomKills: 0,
    throttling: { periods: second * 10, throttledPeriods: 0, throttledMs: 0 },
    pressure: { cpuStalledMs: second * slow, memoryStalledMs: 0, ioStalledMs: 0 },
    network: { receivedBytes: second * 50_000, sentBytes: second * 80_000 },
    block: { readBytes: 0, writtenBytes: 0 },
    pids: 11,
  };
}

/** Four cores, of which something else takes its share in a disturbed second. */
function hostSample(slow: number): HostSample {
  return {
    cores: 4,
    cpuPercent: Math.min(300, 60 * slow),
    stealPercent: 0,
    memoryTotalBytes: 8e9,
    memoryAvailableBytes: 4e9,
    pressure: null,
  };
}

/** A disturbed second delays the loop of a healthy gateway too: it waits for a CPU. */
function nodeSample(slow: number): NodeSample {
  return {
    pid: gatewayPid,
    eventLoopDelayP50Ms: 0.2 * slow,
    eventLoopDelayP99Ms: 2 * slow * slow,
    eventLoopDelayMaxMs: 5 * slow * slow,
    eventLoopUtilization: Math.min(1, 0.15 * slow),
    gcCount: 1,
    gcMs: 2 * slow,
    heapUsedBytes: 40e6,
    externalBytes: 2e6,
    arrayBuffersBytes: 1e6,
    activeResources: 20,
  };
}

function prometheusSample(second: number): PrometheusSample {
  return { metrics: upstreamMetrics(second * 50, 0.003) };
}

/** The gateway's counters after `requests` upstream requests of `meanS` seconds each. */
export function upstreamMetrics(requests: number, meanS: number): Record<string, number> {
  const labels = '{gaugeway_upstream="demo",mcp_method_name="tools/call",gen_ai_tool_name="echo"}';
  return {
    [`mcp_client_operation_duration_seconds_count${labels}`]: requests,
    [`mcp_client_operation_duration_seconds_sum${labels}`]: requests * meanS,
  };
}
