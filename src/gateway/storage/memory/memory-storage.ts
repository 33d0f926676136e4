import { GaugewayError } from '../../../shared/errors.ts';
import { mergeAggregates } from '../merge-aggregates.ts';
import type {
  CatalogStore,
  GatewayRecord,
  MetricsStore,
  ServerRecord,
  Storage,
  ToolAggregate,
  ToolRecord,
} from '../ports.ts';

/** A storage that ends with the process: for trying the gateway out, and for tests. Calls are only aggregated. */
export function createMemoryStorage(): Storage {
  const state = {
    version: 1,
    gateways: new Map<string, GatewayRecord>(),
    tools: new Map<string, ToolRecord>(),
    servers: new Map<string, ServerRecord>(),
  };
  let onCatalogVersion: ((version: number) => void) | undefined;

  const changed = (): void => {
    state.version += 1;
    onCatalogVersion?.(state.version);
  };

  const catalog: CatalogStore = {
    load: () =>
      Promise.resolve(
        structuredClone({
          version: state.version,
          gateways: [...state.gateways.values()],
          tools: [...state.tools.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
          servers: [...state.servers.values()],
        }),
      ),
    async addGateway(gateway, tools) {
      refuseDuplicate(state.gateways, 'name', gateway.name, 'gateway');
      refuseDuplicate(state.gateways, 'slug', gateway.slug, 'gateway');
      for (const tool of tools) refuseDuplicate(state.tools, 'name', tool.name, 'tool');
      state.gateways.set(gateway.id, structuredClone(gateway));
      for (const tool of tools) state.tools.set(tool.id, structuredClone(tool));
      changed();
    },
    async deleteGateway(id) {
      if (!state.gateways.delete(id)) throw notFound('gateway', id);
      for (const tool of [...state.tools.values()].filter((each) => each.gatewayId === id)) {
        state.tools.delete(tool.id);
        aggregates.delete(tool.id);
        for (const server of state.servers.values()) {
          server.toolIds = server.toolIds.filter((toolId) => toolId !== tool.id);
        }
      }
      changed();
    },
    async addServer(server) {
      refuseDuplicate(state.servers, 'name', server.name, 'server');
      const unknown = server.toolIds.find((id) => !state.tools.has(id));
      if (unknown !== undefined) {
        throw new GaugewayError('not_found', 'a tool of the server does not exist', {
          field: 'associatedTools',
        });
      }
      state.servers.set(server.id, structuredClone(server));
      changed();
    },
    async deleteServer(id) {
      if (!state.servers.delete(id)) throw notFound('server', id);
      changed();
    },
  };

  const aggregates = new Map<string, ToolAggregate>();
  const metrics: MetricsStore = {
    async write(_rows, deltas) {
      for (const delta of deltas) {
        if (!state.tools.has(delta.toolId)) continue;
        const base = aggregates.get(delta.toolId);
        aggregates.set(delta.toolId, base === undefined ? delta : mergeAggregates(base, delta));
      }
    },
    readAggregates: () => Promise.resolve(structuredClone([...aggregates.values()])),
  };

  return {
    catalog,
    metrics,
    watch: {
      health: () => ({ healthy: true, error: null }),
      start(listener) {
        onCatalogVersion = listener;
      },
      stop: () => Promise.resolve(),
    },
    poolState: () => ({ total: 0, idle: 0, waiting: 0 }),
    close: () => Promise.resolve(),
  };
}

function refuseDuplicate<K extends string>(
  records: ReadonlyMap<string, Record<K, unknown>>,
  key: K,
  value: string,
  what: string,
): void {
  for (const record of records.values()) {
    if (record[key] === value) {
      throw new GaugewayError('conflict', `a ${what} with this name already exists`, { field: 'name' });
    }
  }
}

function notFound(what: string, id: string): GaugewayError {
  return new GaugewayError('not_found', `there is no ${what} ${JSON.stringify(id.slice(0, 100))}`);
}
