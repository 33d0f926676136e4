import { expect, test } from 'vitest';
import { allToolsScope } from './catalog/snapshot.ts';
import { mcpScopeOf } from './mcp-endpoints.ts';

test.each([
  ['/mcp', allToolsScope],
  ['/mcp/', allToolsScope],
  ['/mcp?x=1', allToolsScope],
  ['/servers/abc-1/mcp', 'abc-1'],
  ['/servers/abc-1/mcp/', 'abc-1'],
  ['/servers/abc-1/mcp?x', 'abc-1'],
  ['/servers/abc-1', undefined],
  ['/servers/a/b/mcp', undefined],
  ['/servers//mcp', undefined],
  ['/servers/abc-1/mcpx', undefined],
  ['/mcpx', undefined],
  ['/', undefined],
  ['/tools?next=/servers/a/mcp', undefined],
])('%s is the MCP endpoint of %s', (target, scope) => {
  expect(mcpScopeOf(target)).toBe(scope);
});

test('no virtual server has the name of all tools', () => {
  expect(mcpScopeOf(`/servers/${allToolsScope}/mcp`)).toBeUndefined();
  expect(mcpScopeOf('/servers/*/mcp')).not.toBe(allToolsScope);
});
