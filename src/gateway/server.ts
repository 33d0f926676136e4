import { randomBytes } from 'node:crypto';
import type { GatewayConfig } from '../config/schema.ts';
import { nowMs } from '../shared/clock.ts';
import { GaugewayError } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { isLoopbackHost } from '../shared/loopback.ts';
import { createCatalogRef } from './catalog/build-snapshot.ts';
import { CatalogService } from './control/catalog-service.ts';
import { createControlPlane } from './control/control-plane.ts';
import { registerAtStart } from './control/startup-registrations.ts';
import type { StartupRegistration } from './control/startup-registrations.ts';
import { UpstreamMonitor } from './control/upstream-monitor.ts';
import { UpstreamStates } from './control/upstream-states.ts';
import { createHostGuard, loopbackHosts } from './downstream/host-guard.ts';
import type { HostGuard } from './downstream/host-guard.ts';
import { createMcpHandler } from './downstream/streamable-http.ts';
import { listenHttp } from './http-listener.ts';
import { createCallMeter } from './metrics/call-meter.ts';
import { MetricsRecorder } from './metrics/metrics-recorder.ts';
import { MetricsRegistry } from './metrics/metrics-registry.ts';
import { createClientMeter, createOperationMeter } from './metrics/operation-meter.ts';
import { registerProcessMetrics } from './metrics/process-metrics.ts';
import { createAnonymousAuthenticator, createJwtAuthenticator } from './policy/jwt-authenticator.ts';
import type { Authenticator } from './policy/principal.ts';
import { createSignedSessions } from './session/signed-sessions.ts';
import { createMemoryStorage } from './storage/memory/memory-storage.ts';
import type { Storage } from './storage/ports.ts';
import { openPostgresStorage } from './storage/postgres/postgres-storage.ts';
import { startTracing } from './tracing/start-tracing.ts';
import { guardUpstreamUrl } from './upstream/guard-url.ts';
import { UpstreamRegistry } from './upstream/registry.ts';
import { createStreamableHttpUpstream } from './upstream/streamable-http.ts';

export interface GatewayServerOptions {
  /** `pg` is required unless `storage` is `memory`. */
  config: GatewayConfig;
  register: readonly StartupRegistration[];
  version: string;
  logger: Logger;
}

/** A gateway that takes connections. */
export interface GatewayServer {
  readonly url: string;
  /** Stops accepting, finishes calls in flight, writes metrics, closes everything. Bounded; call it once. */
  close(): Promise<void>;
}

/** Registering waits for a person; a check in the background does not have to be faster. */
const discoveryTimeoutMs = 15_000;
const lastFlushTimeoutMs = 5000;

/**
 * The composition root of `gaugeway serve`. Throws GaugewayError source_unreadable when PostgreSQL cannot be
 * used, usage when the address cannot be bound, config_invalid for a database that is not ours.
 */
export async function startGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  const { config, version, logger } = options;
  const onLoopback = isLoopbackHost(config.host);
  const allowPrivate = config.allowPrivateUpstreams ?? onLoopback;
  const self = { name: 'gaugeway', version };

  const storage = await openStorage(config, logger);
  const registry = new MetricsRegistry();
  const states = new UpstreamStates(registry);
  const upstreams = new UpstreamRegistry();
  const catalog = createCatalogRef();
  const service = new CatalogService({
    store: storage.catalog,
    catalog,
    upstreams,
    createUpstream: ({ id, name, url }) =>
      states.observe(
        createStreamableHttpUpstream({
          gatewayId: id,
          name,
          url,
          allowPrivate,
          self,
          logger,
          meter: createClientMeter(registry, name, url),
          timeoutMs: config.upstreamTimeoutMs,
        }),
        name,
      ),
    guardUrl: (url) => guardUpstreamUrl(url, { allowPrivate }),
    onGatewayRemoved: (id) => states.remove(id),
    discoveryTimeoutMs,
    logger,
  });
  const recorder = new MetricsRecorder({
    store: storage.metrics,
    bufferSize: config.metricsBufferSize,
    flushIntervalMs: config.metricsFlushIntervalMs,
    logger,
  });
  const monitor = new UpstreamMonitor({
    upstreams: () => connectedUpstreams(service, upstreams),
    states,
    checkIntervalMs: config.upstreamCheckIntervalMs,
    checkTimeoutMs: Math.min(discoveryTimeoutMs, config.upstreamTimeoutMs),
    logger,
  });
  const tracing = startTracing(config, version, registry, logger);
  const stopping = new AbortController();
  const starting = { pending: (): string[] => options.register.map(({ name }) => name) };

  try {
    await service.reload();
    const authenticator = createAuthenticator(config);
    const hostGuard = createHostGuardFor(config, onLoopback);
    const toolNames = (toolId: string): string | undefined =>
      service.contents.tools.find((tool) => tool.id === toolId)?.name;
    const mcp = createMcpHandler({
      hostGuard,
      authenticator,
      catalog,
      upstreams,
      recorder: createCallMeter(recorder, registry, toolNames),
      operations: createOperationMeter(registry),
      tracer: tracing?.tracer,
      sessions: createSignedSessions({ secret: config.jwtSecret ?? randomBytes(32).toString('hex'), nowMs }),
      serverInfo: self,
      maxBodyBytes: config.maxBodyBytes,
      logger,
      nowMs,
    });
    const control = await createControlPlane({
      authenticator,
      hostGuard,
      maxBodyBytes: config.maxBodyBytes,
      logger,
      service,
      states,
      recorder,
      registry,
      version,
      storageHealth: () => storage.watch.health(),
      notReady: () => [
        ...(storage.watch.health().healthy ? [] : ['the storage does not answer']),
        ...starting.pending().map((name) => `upstream ${name} is being registered`),
        ...(stopping.signal.aborted ? ['shutting down'] : []),
      ],
    });
    const processMetrics = registerProcessMetrics(registry);
    registerGauges(registry, { storage, recorder, service, states });
    const http = await listenHttp({
      ...config,
      mcp,
      control: (req, res) => control.routing(req, res),
      registry,
    });

    storage.watch.start((stored) => service.onStoredVersion(stored));
    recorder.start();
    monitor.start();
    const registrations = registerAtStart(service, options.register, logger, stopping.signal);
    starting.pending = registrations.pending;

    return {
      url: http.url,
      async close() {
        stopping.abort();
        await http.close(config.shutdownTimeoutMs);
        await Promise.all([monitor.stop(), registrations.done]);
        await upstreams.closeAll();
        await Promise.all([recorder.stop(lastFlushTimeoutMs), tracing?.stop(lastFlushTimeoutMs)]);
        await control.close();
        await storage.close();
        processMetrics[Symbol.dispose]();
      },
    };
  } catch (error) {
    await Promise.all([upstreams.closeAll(), tracing?.stop(0)]);
    await storage.close();
    throw error;
  }
}

function openStorage(config: GatewayConfig, logger: Logger): Promise<Storage> {
  if (config.storage === 'memory') return Promise.resolve(createMemoryStorage());
  if (config.pg === undefined) throw new GaugewayError('config_invalid', 'DATABASE_URL is not set');
  return openPostgresStorage({ dsn: config.pg, poolSize: config.pgPoolSize, logger });
}

function createAuthenticator({ jwtSecret, jwtAudience, jwtIssuer }: GatewayConfig): Authenticator {
  if (jwtSecret === undefined) return createAnonymousAuthenticator();
  return createJwtAuthenticator({ secret: jwtSecret, audience: jwtAudience, issuer: jwtIssuer, nowMs });
}

/** Loopback names always reach a gateway on loopback; elsewhere any host does until some are named. */
function createHostGuardFor(config: GatewayConfig, onLoopback: boolean): HostGuard {
  const named = config.allowedHosts ?? [];
  const known = onLoopback ? [...named, ...loopbackHosts] : named;
  return createHostGuard({
    allowedHosts: known.length === 0 ? undefined : known,
    allowedOrigins: config.allowedOrigins ?? [],
  });
}

function connectedUpstreams(
  service: CatalogService,
  upstreams: UpstreamRegistry,
): ReturnType<ConstructorParameters<typeof UpstreamMonitor>[0]['upstreams']> {
  return service.contents.gateways.flatMap(({ id, name }) => {
    const upstream = upstreams.get(id);
    return upstream === undefined ? [] : [{ upstream, name }];
  });
}

function registerGauges(
  registry: MetricsRegistry,
  parts: { storage: Storage; recorder: MetricsRecorder; service: CatalogService; states: UpstreamStates },
): void {
  const { storage, recorder, service, states } = parts;
  registry.read('catalogTools', () => service.contents.tools.length);
  registry.read('upstreamReachable', () =>
    service.contents.gateways.map(({ id, name }) => [[name], Number(states.get(id)?.reachable ?? false)]),
  );
  registry.read('metricsBuffered', () => recorder.bufferedRows);
  registry.read('metricsWritten', () => recorder.writtenRows);
  registry.read('metricsDropped', () => recorder.droppedRows);
  registry.read('metricsFailedWrites', () => recorder.failedWrites);
  registry.read('storageHealthy', () => Number(storage.watch.health().healthy));
  registry.read('poolConnections', () => {
    const { total, idle } = storage.poolState();
    return [
      [['idle'], idle],
      [['used'], total - idle],
    ];
  });
  registry.read('poolWaiting', () => storage.poolState().waiting);
}
