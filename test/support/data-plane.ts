import { createServer } from 'node:http';
import { buildSnapshot, createCatalogRef } from '../../src/gateway/catalog/build-snapshot.ts';
import { allToolsScope } from '../../src/gateway/catalog/snapshot.ts';
import { exposedToolName } from '../../src/gateway/catalog/tool-names.ts';
import { createHostGuard, loopbackHosts } from '../../src/gateway/downstream/host-guard.ts';
import { createMcpHandler } from '../../src/gateway/downstream/streamable-http.ts';
import { mcpScopeOf } from '../../src/gateway/mcp-endpoints.ts';
import { MetricsRegistry } from '../../src/gateway/metrics/metrics-registry.ts';
import { createOperationMeter } from '../../src/gateway/metrics/operation-meter.ts';
import type { Authenticator } from '../../src/gateway/policy/principal.ts';
import { createSignedSessions } from '../../src/gateway/session/signed-sessions.ts';
import type { GatewayRecord, ToolCallRecord, ToolRecord } from '../../src/gateway/storage/ports.ts';
import { UpstreamRegistry } from '../../src/gateway/upstream/registry.ts';
import { createStreamableHttpUpstream } from '../../src/gateway/upstream/streamable-http.ts';
import type { UpstreamDiscovery } from '../../src/gateway/upstream/upstream.ts';
import { nowMs } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';

export interface DataPlaneOptions {
  /** MCP endpoints by the name of their gateway. */
  upstreams: Record<string, string>;
  authenticator?: Authenticator;
  maxBodyBytes?: number;
  maxResponseBytes?: number;
  timeoutMs?: number;
  /** Ids of the tools of the virtual server `bundle`. */
  bundle?: string[];
}

export interface DataPlane extends AsyncDisposable {
  /** The endpoint of all tools. */
  readonly url: string;
  /** The endpoint of the virtual server `bundle`. */
  readonly bundleUrl: string;
  readonly calls: ToolCallRecord[];
  readonly discoveries: Record<string, UpstreamDiscovery>;
  /** Requests that the gateway is serving now. */
  inFlight(): number;
}

const created = { createdAt: new Date(0), updatedAt: new Date(0) };
const logger = createLogger('silent');

/** The gateway's MCP endpoints over real HTTP on loopback, with every upstream discovered, and no control plane. */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  const upstreams = new UpstreamRegistry();
  const gateways: GatewayRecord[] = [];
  const tools: ToolRecord[] = [];
  const discoveries: Record<string, UpstreamDiscovery> = {};
  for (const [name, url] of Object.entries(options.upstreams)) {
    const upstream = createStreamableHttpUpstream({
      gatewayId: name,
      name,
      url,
      allowPrivate: true,
      self: { name: 'gaugeway', version: '0.0.0' },
      logger,
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      ...(options.maxResponseBytes === undefined ? {} : { maxResponseBytes: options.maxResponseBytes }),
    });
    upstreams.set(name, upstream);
    const discovery = await upstream.discover(new AbortController().signal);
    discoveries[name] = discovery;
    gateways.push(gatewayRecord(name, url));
    tools.push(...discovery.tools.map((definition) => toolRecord(name, definition)));
  }
  const catalog = createCatalogRef();
  const bundle = {
    id: 'bundle',
    name: 'bundle',
    description: null,
    toolIds: options.bundle ?? [],
    ...created,
  };
  catalog.swap(buildSnapshot(1, gateways, tools, [bundle]));

  const calls: ToolCallRecord[] = [];
  const handler = createMcpHandler({
    hostGuard: createHostGuard({ allowedHosts: loopbackHosts, allowedOrigins: [] }),
    authenticator: options.authenticator ?? {
      required: false,
      authenticate: () => ({ subject: 'anonymous' }),
    },
    catalog,
    upstreams,
    recorder: { record: (call) => calls.push(call) },
    operations: createOperationMeter(new MetricsRegistry()),
    sessions: createSignedSessions({ secret: 'test', nowMs }),
    serverInfo: { name: 'gaugeway', version: '0.0.0' },
    maxBodyBytes: options.maxBodyBytes ?? 4 * 1024 * 1024,
    logger,
    nowMs,
  });
  const server = createServer((req, res) => handler(req, res, mcpScopeOf(req.url ?? '') ?? allToolsScope));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    url: `${origin}/mcp`,
    bundleUrl: `${origin}/servers/bundle/mcp`,
    calls,
    discoveries,
    inFlight: () => handler.inFlight(),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await Promise.all([closed, upstreams.closeAll()]);
    },
  };
}

function gatewayRecord(name: string, url: string): GatewayRecord {
  return {
    id: name,
    name,
    slug: name,
    url,
    description: null,
    transport: 'STREAMABLEHTTP',
    enabled: true,
    reachable: true,
    lastError: null,
    capabilities: {},
    ...created,
  };
}

function toolRecord(gatewayId: string, definition: Record<string, unknown>): ToolRecord {
  const originalName = String(definition['name']);
  const name = exposedToolName(gatewayId, originalName, new Set());
  return { id: `${gatewayId}/${originalName}`, gatewayId, name, originalName, definition, ...created };
}
