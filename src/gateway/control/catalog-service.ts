import { randomUUID } from 'node:crypto';
import { nowMs } from '../../shared/clock.ts';
import { GaugewayError, messageOf } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { buildSnapshot } from '../catalog/build-snapshot.ts';
import type { CatalogRef } from '../catalog/snapshot.ts';
import { exposedToolName, isToolName, slugify } from '../catalog/tool-names.ts';
import type {
  CatalogContents,
  CatalogStore,
  GatewayRecord,
  ServerRecord,
  ToolRecord,
} from '../storage/ports.ts';
import type { UpstreamRegistry } from '../upstream/registry.ts';
import type { Upstream, UpstreamDiscovery } from '../upstream/upstream.ts';

export interface CatalogServiceDeps {
  store: CatalogStore;
  catalog: CatalogRef;
  upstreams: UpstreamRegistry;
  createUpstream: (gateway: Pick<GatewayRecord, 'id' | 'name' | 'url'>) => Upstream;
  /** Throws GaugewayError unprocessable, field `url`. */
  guardUrl: (url: string) => URL;
  /** Told of each gateway that is gone. */
  onGatewayRemoved: (gatewayId: string) => void;
  discoveryTimeoutMs: number;
  logger: Logger;
}

/**
 * What is registered: reads are answered from memory, changes go to the store first and are then served. The
 * catalogue in memory is always one that the store really had.
 */
export class CatalogService {
  readonly #deps: CatalogServiceDeps;
  #contents: CatalogContents = { version: 0, gateways: [], tools: [], servers: [] };
  #reloads: Promise<void> = Promise.resolve();
  #newestKnownVersion = 0;

  constructor(deps: CatalogServiceDeps) {
    this.#deps = deps;
  }

  get contents(): Readonly<CatalogContents> {
    return this.#contents;
  }

  gateway(id: string): GatewayRecord {
    return found(this.#contents.gateways, 'gateway', id);
  }

  tool(id: string): ToolRecord {
    return found(this.#contents.tools, 'tool', id);
  }

  server(id: string): ServerRecord {
    return found(this.#contents.servers, 'server', id);
  }

  /** Reads the store and serves what it holds. One at a time, so that an older answer never replaces a newer. */
  reload(): Promise<void> {
    const load = (): Promise<void> => this.#load();
    this.#reloads = this.#reloads.then(load, load);
    return this.#reloads;
  }

  /** Some replica, perhaps this one, committed `version`. */
  onStoredVersion(version: number): void {
    if (version <= this.#newestKnownVersion) return;
    this.#newestKnownVersion = version;
    this.reload().catch((error: unknown) => {
      // The next look at the version tries again.
      this.#newestKnownVersion = this.#contents.version;
      this.#deps.logger.warn('catalogue not reloaded', { error: messageOf(error) });
    });
  }

  /** Connects to an MCP server, lists its tools, and offers them. `signal` gives up while it does not answer. */
  async addGateway(
    input: { name: string; url: string; description: string | null },
    signal?: AbortSignal,
  ): Promise<GatewayRecord> {
    const { store, upstreams, createUpstream, guardUrl, discoveryTimeoutMs } = this.#deps;
    const url = guardUrl(input.url).href;
    const slug = slugify(input.name);
    if (slug === '') throw new GaugewayError('unprocessable', 'needs a letter or digit', { field: 'name' });
    if (this.#contents.gateways.some((each) => each.name === input.name || each.slug === slug)) {
      throw new GaugewayError('conflict', 'a gateway with this name already exists', { field: 'name' });
    }
    const id = randomUUID();
    const upstream = createUpstream({ id, name: input.name, url });
    upstreams.set(id, upstream);
    try {
      const timeout = AbortSignal.timeout(discoveryTimeoutMs);
      const discovery = await upstream.discover(
        signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      );
      const gateway = gatewayRecord({ id, slug, ...input, url }, discovery);
      await store.addGateway(gateway, this.#toolRecords(gateway, discovery));
      await this.reload();
      return gateway;
    } catch (error) {
      if (!this.#contents.gateways.some((each) => each.id === id)) await this.#dropUpstream(id);
      throw error;
    }
  }

  async deleteGateway(id: string): Promise<void> {
    await this.#deps.store.deleteGateway(id);
    await this.reload();
  }

  async addServer(input: {
    name: string;
    description: string | null;
    toolIds: string[];
  }): Promise<ServerRecord> {
    const known = new Set(this.#contents.tools.map((tool) => tool.id));
    const unknown = input.toolIds.find((id) => !known.has(id));
    if (unknown !== undefined) {
      const message = `there is no tool ${JSON.stringify(unknown.slice(0, 100))}`;
      throw new GaugewayError('unprocessable', message, { field: 'associatedTools' });
    }
    const at = new Date(nowMs());
    const toolIds = [...new Set(input.toolIds)];
    const server = { id: randomUUID(), ...input, toolIds, createdAt: at, updatedAt: at };
    await this.#deps.store.addServer(server);
    await this.reload();
    return server;
  }

  async deleteServer(id: string): Promise<void> {
    await this.#deps.store.deleteServer(id);
    await this.reload();
  }

  async #load(): Promise<void> {
    const { store, catalog, upstreams, createUpstream } = this.#deps;
    const next = await store.load();
    const before = this.#contents.gateways;
    for (const gateway of next.gateways) {
      if (upstreams.get(gateway.id) === undefined) upstreams.set(gateway.id, createUpstream(gateway));
    }
    this.#contents = next;
    this.#newestKnownVersion = Math.max(this.#newestKnownVersion, next.version);
    catalog.swap(buildSnapshot(next.version, next.gateways, next.tools, next.servers));
    const kept = new Set(next.gateways.map((gateway) => gateway.id));
    for (const gateway of before) {
      if (!kept.has(gateway.id)) void this.#dropUpstream(gateway.id);
    }
  }

  async #dropUpstream(id: string): Promise<void> {
    const { upstreams, onGatewayRemoved, logger } = this.#deps;
    onGatewayRemoved(id);
    try {
      await upstreams.remove(id);
    } catch (error) {
      logger.warn('closing an upstream failed', { gatewayId: id, error: messageOf(error) });
    }
  }

  #toolRecords(gateway: GatewayRecord, discovery: UpstreamDiscovery): ToolRecord[] {
    const taken = new Set(this.#contents.tools.map((tool) => tool.name));
    const byOriginalName = new Map(
      discovery.tools.flatMap((tool) => (isToolName(tool['name']) ? [[tool['name'], tool]] : [])),
    );
    const leftOut = discovery.tools.length - byOriginalName.size;
    if (leftOut > 0) {
      this.#deps.logger.warn('tools without a usable name of their own are not offered', {
        gateway: gateway.name,
        tools: leftOut,
      });
    }
    const { id: gatewayId, createdAt, updatedAt } = gateway;
    return [...byOriginalName].map(([originalName, definition]) => {
      const name = exposedToolName(gateway.slug, originalName, taken);
      taken.add(name);
      return { id: randomUUID(), gatewayId, name, originalName, definition, createdAt, updatedAt };
    });
  }
}

function gatewayRecord(
  given: Pick<GatewayRecord, 'id' | 'name' | 'slug' | 'url' | 'description'>,
  { era, protocolVersion, serverInfo, capabilities }: UpstreamDiscovery,
): GatewayRecord {
  const at = new Date(nowMs());
  return {
    ...given,
    transport: 'STREAMABLEHTTP',
    enabled: true,
    reachable: true,
    lastError: null,
    capabilities: { era, protocolVersion, serverInfo, capabilities },
    createdAt: at,
    updatedAt: at,
  };
}

function found<T extends { id: string }>(records: readonly T[], what: string, id: string): T {
  const record = records.find((each) => each.id === id);
  if (record === undefined) {
    throw new GaugewayError('not_found', `there is no ${what} ${JSON.stringify(id.slice(0, 100))}`);
  }
  return record;
}
