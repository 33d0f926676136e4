import type { GatewayRecord, ServerRecord, ToolRecord } from '../storage/ports.ts';
import { allToolsScope } from './snapshot.ts';
import type { CatalogRef, CatalogScope, CatalogSnapshot, CatalogTool } from './snapshot.ts';

/**
 * The catalogue that the stored records describe. Tools of a disabled or unknown gateway are left out, as are
 * ids that a virtual server still names although their tool is gone. Lists are in the order of the tools'
 * names, whatever order the store returned, because clients cache prompts by them.
 */
export function buildSnapshot(
  version: number,
  gateways: readonly GatewayRecord[],
  tools: readonly ToolRecord[],
  servers: readonly ServerRecord[],
): CatalogSnapshot {
  const enabled = new Set(gateways.filter((gateway) => gateway.enabled).map((gateway) => gateway.id));
  const offered = tools
    .filter((tool) => enabled.has(tool.gatewayId))
    .map(catalogTool)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));

  const scopes = new Map<string, CatalogScope>();
  scopes.set(allToolsScope, catalogScope(allToolsScope, 'Gaugeway', offered));
  for (const server of servers) {
    const ids = new Set(server.toolIds);
    const bundle = offered.filter((tool) => ids.has(tool.id));
    scopes.set(server.id, catalogScope(server.id, server.name, bundle));
  }
  return { version, scopes };
}

/** A holder with an empty catalogue, until the first swap. */
export function createCatalogRef(): CatalogRef {
  let current = buildSnapshot(0, [], [], []);
  return {
    get current() {
      return current;
    },
    swap(next) {
      current = next;
    },
  };
}

function catalogTool(record: ToolRecord): CatalogTool {
  return {
    id: record.id,
    name: record.name,
    originalName: record.originalName,
    gatewayId: record.gatewayId,
    definition: {
      ...record.definition,
      name: record.name,
      // Some clients refuse a whole list because of one tool without a schema.
      inputSchema: record.definition['inputSchema'] ?? { type: 'object', properties: {} },
    },
  };
}

function catalogScope(id: string, name: string, tools: readonly CatalogTool[]): CatalogScope {
  return {
    id,
    name,
    toolsByName: new Map(tools.map((tool) => [tool.name, tool])),
    toolsJson: JSON.stringify(tools.map((tool) => tool.definition)),
  };
}
