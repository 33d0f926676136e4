import { describe, expect, test } from 'vitest';
import type { GatewayRecord, ServerRecord, ToolRecord } from '../storage/ports.ts';
import { buildSnapshot, createCatalogRef } from './build-snapshot.ts';
import { allToolsScope } from './snapshot.ts';

const created = { createdAt: new Date(0), updatedAt: new Date(0) };

function gateway(id: string, enabled = true): GatewayRecord {
  return {
    id,
    name: id,
    slug: id,
    url: 'http://127.0.0.1:1/mcp',
    description: null,
    transport: 'STREAMABLEHTTP',
    enabled,
    reachable: true,
    lastError: null,
    capabilities: {},
    ...created,
  };
}

function tool(id: string, gatewayId: string, definition: Record<string, unknown> = {}): ToolRecord {
  return {
    id,
    gatewayId,
    name: `${gatewayId}-${id}`,
    originalName: id,
    definition: { name: id, ...definition },
    ...created,
  };
}

function server(id: string, toolIds: string[]): ServerRecord {
  return { id, name: id, description: null, toolIds, ...created };
}

describe('the catalogue', () => {
  const inputSchema = { type: 'object', $defs: { x: { $anchor: 'y' } } };
  const records = [
    tool('b', 'lab', { inputSchema, title: 'B', _meta: { 'x/y': [1] } }),
    tool('a', 'lab'),
    tool('c', 'off'),
  ];
  const snapshot = buildSnapshot(7, [gateway('lab'), gateway('off', false)], records, [
    server('one', ['b', 'gone', 'c']),
    server('none', []),
  ]);

  test('offers every tool of an enabled gateway under its exposed name, in the order of names', () => {
    const scope = snapshot.scopes.get(allToolsScope);
    expect([...(scope?.toolsByName.keys() ?? [])]).toEqual(['lab-a', 'lab-b']);
    expect(snapshot.version).toBe(7);
  });

  test('is serialised with everything that the upstream said, but for the name', () => {
    expect(JSON.parse(snapshot.scopes.get('one')?.toolsJson ?? '')).toEqual([
      { name: 'lab-b', inputSchema, title: 'B', _meta: { 'x/y': [1] } },
    ]);
  });

  test('gives a tool without a schema one that takes nothing', () => {
    expect(snapshot.scopes.get(allToolsScope)?.toolsByName.get('lab-a')?.definition).toEqual({
      name: 'lab-a',
      inputSchema: { type: 'object', properties: {} },
    });
  });

  test('has an empty list for a virtual server without tools', () => {
    expect(snapshot.scopes.get('none')?.toolsJson).toBe('[]');
  });

  test('is the same whatever the order of the records', () => {
    const again = buildSnapshot(7, [gateway('off', false), gateway('lab')], records.toReversed(), []);
    expect(again.scopes.get(allToolsScope)?.toolsJson).toBe(snapshot.scopes.get(allToolsScope)?.toolsJson);
  });
});

test('a swap is seen by the next reader, not by one that already looked', () => {
  const catalog = createCatalogRef();
  const before = catalog.current;
  catalog.swap(buildSnapshot(1, [gateway('lab')], [tool('a', 'lab')], []));
  expect(before.scopes.get(allToolsScope)?.toolsByName.size).toBe(0);
  expect(catalog.current.scopes.get(allToolsScope)?.toolsByName.size).toBe(1);
});
