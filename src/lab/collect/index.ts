import type { Logger } from '../../shared/logger.ts';
import type { StackDescription, WatchedProcess } from '../../shared/stack-description.ts';
import type { Collector } from './collector.ts';
import { ContainerCollector } from './container/container-collector.ts';
import { ContainerEngine } from './container/container-engine.ts';
import { CpuProfileCollector } from './cpu-profile.ts';
import { HostCollector } from './host/host-collector.ts';
import { NodeVitalsCollector } from './node-vitals.ts';
import { sameProcess } from '../profilers/same-process.ts';
import { openSessionProfiler, type ProfilingSettings, usualProfiling } from './profiling-settings.ts';
import { PgbouncerCollector } from './pgbouncer/pgbouncer-collector.ts';
import { PgbouncerTarget, pgbouncerTargetName } from './pgbouncer/pgbouncer-target.ts';
import { PostgresCollector } from './postgres/postgres-collector.ts';
import { PostgresTarget, postgresTargetName } from './postgres/postgres-target.ts';
import { StatementsCollector } from './postgres/statements.ts';
import { LabCollector } from './lab.ts';
import { AccessLogCollector } from './access-log.ts';
import { NginxCollector } from './nginx.ts';
import { LateWorkersCollector } from './late-workers.ts';
import { LogCollector } from './log.ts';
import { ProcessCollector, processTarget } from './process.ts';
import { PrometheusCollector } from './prometheus.ts';
import { RedisCollector } from './redis/redis-collector.ts';
import { RedisTarget, redisTargetName } from './redis/redis-target.ts';
import { SharedConnection } from './shared-connection.ts';

export interface CollectorOptions {
  logger: Logger;
  /** As usual when it is not given. */
  profiling?: ProfilingSettings;
  /** Takes the collectors of processes that come while the run goes on: late workers, successors of those that ended. */
  join?: (collectors: Collector[]) => void;
}

/**
 * The sources of a run. What the stack description does not give is not sampled. Gateway processes are profiled,
 * those of other roles where that was asked for; what cannot be profiled refuses that in `open`, and is never signalled.
 */
export function createCollectors(stack: StackDescription, options: CollectorOptions): Collector[] {
  const profiling = options.profiling ?? usualProfiling;
  const { join = () => undefined } = options;
  const watchedPids = new Set(stack.processes.map(({ pid }) => pid));
  const attached = (watched: WatchedProcess): Collector[] =>
    attachedCollectors(watched, profiling, options.logger);
  const counted = (watched: WatchedProcess): Collector =>
    new ProcessCollector(watched, watchedPids, (successor) => join(attached(successor)));
  return [
    new LabCollector(),
    // What is not on this machine says nothing about it.
    ...(stack.processes.length + stack.containers.length === 0 ? [] : [new HostCollector()]),
    ...stack.processes.map(counted),
    ...(stack.processes.some(({ role }) => role === 'gateway')
      ? [
          new LateWorkersCollector(stack.processes, watchedPids, (late) =>
            join([counted(late), ...attached(late)]),
          ),
        ]
      : []),
    ...containerCollectors(stack),
    ...(stack.postgresDsn === undefined ? [] : postgresCollectors(stack.postgresDsn)),
    ...(stack.pgbouncerDsn === undefined ? [] : [pgbouncerCollector(stack.pgbouncerDsn)]),
    ...(stack.redisUrl === undefined ? [] : [redisCollector(stack.redisUrl)]),
    ...stack.processes.flatMap(attached),
    ...(stack.nginx?.statusUrl === undefined ? [] : [new NginxCollector(stack.nginx.statusUrl)]),
    ...(stack.nginx?.accessLog === undefined
      ? []
      : [new AccessLogCollector(stack.nginx.accessLog, stack.nginx.statusUrl)]),
    ...stack.logs.map((log) => new LogCollector(log, stack.containerSocket)),
    new PrometheusCollector(stack.gatewayUrl, stack.token),
  ];
}

function containerCollectors({ containers, containerSocket }: StackDescription): Collector[] {
  if (containerSocket === undefined) return [];
  const shared = new SharedConnection(() => ContainerEngine.connect(containerSocket));
  return containers.map((container) => new ContainerCollector(container, shared));
}

function postgresCollectors(dsn: string): Collector[] {
  const target = postgresTargetName(dsn);
  const shared = new SharedConnection((signal) => PostgresTarget.connect(dsn, signal));
  return [new PostgresCollector(target, shared), new StatementsCollector(target, shared)];
}

function pgbouncerCollector(dsn: string): Collector {
  const shared = new SharedConnection((signal) => PgbouncerTarget.connect(dsn, signal));
  return new PgbouncerCollector(pgbouncerTargetName(dsn), shared);
}

function redisCollector(url: string): Collector {
  const shared = new SharedConnection((signal) => RedisTarget.connect(url, signal));
  return new RedisCollector(redisTargetName(url), shared);
}

/** What attaches to a process: both use one attachment where a runtime gives vitals as well as profiles. */
function attachedCollectors(
  watched: WatchedProcess,
  profiling: ProfilingSettings,
  logger: Logger,
): Collector[] {
  const { pid, role } = watched;
  const isGateway = role === 'gateway';
  const isProfiled = profiling.enabled && (isGateway || profiling.roles.includes(role));
  if (!isGateway && !isProfiled) return [];
  const shared = new SharedConnection(
    sameProcess(pid, (signal) => openSessionProfiler(pid, profiling, { logger, signal })),
  );
  return [
    ...(isGateway ? [new NodeVitalsCollector(processTarget(watched), pid, shared)] : []),
    ...(isProfiled ? [new CpuProfileCollector(watched, shared, profiling)] : []),
  ];
}
