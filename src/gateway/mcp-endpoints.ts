import { allToolsScope } from './catalog/snapshot.ts';

const serverPath = /^\/servers\/([^/?#]+)\/mcp\/?(?:\?|$)/;

/** Which MCP endpoint a request target names: the virtual server's id, the scope of all tools, or none. */
export function mcpScopeOf(target: string): string | undefined {
  if (target === '/mcp' || target === '/mcp/' || target.startsWith('/mcp?')) return allToolsScope;
  return serverPath.exec(target)?.[1];
}
