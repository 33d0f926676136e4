import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type {
  GatewayRecord,
  ServerRecord,
  Storage,
  ToolAggregate,
  ToolCallRecord,
  ToolRecord,
} from '../../src/gateway/storage/ports.ts';
import { LatencySketch } from '../../src/shared/latency-sketch.ts';

/** What every storage must do; each implementation runs it with its own way of opening an empty one. */
export function describeStorage(name: string, open: () => Promise<Storage>): void {
  describe(`${name} as a storage`, () => {
    const opened: Storage[] = [];
    const openOne = async (): Promise<Storage> => {
      const storage = await open();
      opened.push(storage);
      return storage;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()));
    });

    test('is empty at first', async () => {
      const { catalog, metrics } = await openOne();
      expect(await catalog.load()).toMatchObject({ gateways: [], tools: [], servers: [] });
      expect(await metrics.readAggregates()).toEqual([]);
    });

    test('gives back a gateway and its tools as they were stored, and advances the version', async () => {
      const { catalog } = await openOne();
      const before = await catalog.load();
      const gateway = aGateway('lab');
      const tools = [aTool(gateway, 'b'), aTool(gateway, 'a')];
      await catalog.addGateway(gateway, tools);
      const after = await catalog.load();
      expect(after.version).toBeGreaterThan(before.version);
      expect(after.gateways).toEqual([gateway]);
      expect(after.tools).toEqual([tools[1], tools[0]]);
    });

    test('keeps a definition as the upstream wrote it: order of keys, control characters, unknown fields', async () => {
      const { catalog } = await openOne();
      const gateway = aGateway('lab');
      const definition = {
        zebra: 1,
        name: 'x',
        description: 'nul \u0000 and \u2028',
        inputSchema: { b: 1, a: 2 },
      };
      await catalog.addGateway(gateway, [{ ...aTool(gateway, 'x'), definition }]);
      const [tool] = (await catalog.load()).tools;
      expect(JSON.stringify(tool?.definition)).toBe(JSON.stringify(definition));
    });

    test('stores many tools at once', async () => {
      const { catalog } = await openOne();
      const gateway = aGateway('lab');
      await catalog.addGateway(
        gateway,
        Array.from({ length: 2500 }, (_, index) => aTool(gateway, `tool-${index}`)),
      );
      expect((await catalog.load()).tools).toHaveLength(2500);
    });

    test('refuses a second gateway of the same name, and stores nothing of it', async () => {
      const { catalog } = await openOne();
      await catalog.addGateway(aGateway('lab'), []);
      const second = aGateway('lab');
      await expect(catalog.addGateway(second, [aTool(second, 'x')])).rejects.toMatchObject({
        code: 'conflict',
        field: 'name',
      });
      expect((await catalog.load()).tools).toEqual([]);
    });

    test('deletes a gateway with its tools, and takes them out of the virtual servers', async () => {
      const { catalog } = await openOne();
      const [one, two] = [aGateway('one'), aGateway('two')];
      const [toolOne, toolTwo] = [aTool(one, 'x'), aTool(two, 'x')];
      await catalog.addGateway(one, [toolOne]);
      await catalog.addGateway(two, [toolTwo]);
      const server = aServer('both', [toolTwo.id, toolOne.id]);
      await catalog.addServer(server);
      expect((await catalog.load()).servers).toEqual([server]);
      await catalog.deleteGateway(one.id);
      const left = await catalog.load();
      expect(left.tools).toEqual([toolTwo]);
      expect(left.servers[0]?.toolIds).toEqual([toolTwo.id]);
    });

    test('says not_found for what is not there', async () => {
      const { catalog } = await openOne();
      await expect(catalog.deleteGateway('nope')).rejects.toMatchObject({ code: 'not_found' });
      await expect(catalog.deleteServer('nope')).rejects.toMatchObject({ code: 'not_found' });
      await expect(catalog.addServer(aServer('x', ['nope']))).rejects.toMatchObject({ code: 'not_found' });
      expect((await catalog.load()).servers).toEqual([]);
    });

    test('refuses a second virtual server of the same name; the first can be deleted', async () => {
      const { catalog } = await openOne();
      const server = aServer('team', []);
      await catalog.addServer(server);
      await expect(catalog.addServer(aServer('team', []))).rejects.toMatchObject({ code: 'conflict' });
      await catalog.deleteServer(server.id);
      expect((await catalog.load()).servers).toEqual([]);
    });

    test('merges aggregates, also those written at the same time', async () => {
      const { catalog, metrics } = await openOne();
      const gateway = aGateway('lab');
      const [a, b] = [aTool(gateway, 'a'), aTool(gateway, 'b')];
      await catalog.addGateway(gateway, [a, b]);
      await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          metrics.write(
            [aCall(a.id, 1000 + index)],
            [anAggregate(a.id, 1000 + index, 2000), anAggregate(b.id, 500, 9000)],
          ),
        ),
      );
      const totals = new Map((await metrics.readAggregates()).map((each) => [each.toolId, each]));
      expect(totals.get(a.id)).toMatchObject({ calls: 8, failures: 8, lastCallMs: 1007 });
      expect(totals.get(a.id)?.latency).toMatchObject({ count: 8, sumUs: 16_000, minUs: 2000, maxUs: 2000 });
      expect(totals.get(b.id)).toMatchObject({ calls: 8, lastCallMs: 500 });
    });

    test('takes a batch that holds calls of a tool that is gone', async () => {
      const { catalog, metrics } = await openOne();
      const gateway = aGateway('lab');
      const tool = aTool(gateway, 'a');
      await catalog.addGateway(gateway, [tool]);
      const calls = [aCall('gone', 5), { ...aCall(tool.id, 6), errorMessage: 'quote " and \\ and {,}' }];
      await metrics.write(calls, [anAggregate('gone', 5, 1), anAggregate(tool.id, 6, 1)]);
      expect((await metrics.readAggregates()).map(({ toolId }) => toolId)).toEqual([tool.id]);
    });

    test('watches itself: becomes healthy, and tells a change of the catalogue', async () => {
      const { catalog, watch } = await openOne();
      const seen: number[] = [];
      watch.start((version) => seen.push(version));
      await vi.waitFor(() => expect(watch.health()).toEqual({ healthy: true, error: null }), {
        timeout: 10_000,
      });
      await catalog.addGateway(aGateway('lab'), []);
      const { version } = await catalog.load();
      await vi.waitFor(() => expect(seen).toContain(version), { timeout: 10_000 });
    });
  });
}

/** Advisory locks that anybody holds in this database. */
export const advisoryLocks = `
  select pid from pg_locks
  where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;

export function aGateway(name: string): GatewayRecord {
  const at = new Date(1_780_000_000_123);
  return {
    id: randomUUID(),
    name,
    slug: name,
    url: `http://127.0.0.1:9/${name}`,
    description: null,
    transport: 'STREAMABLEHTTP',
    enabled: true,
    reachable: true,
    lastError: null,
    capabilities: { era: 'legacy', capabilities: { tools: {} } },
    createdAt: at,
    updatedAt: at,
  };
}

export function aTool(gateway: GatewayRecord, name: string): ToolRecord {
  const definition = { name, inputSchema: { type: 'object' } };
  const { id: gatewayId, createdAt, updatedAt } = gateway;
  const exposed = `${gateway.slug}-${name}`;
  return { id: randomUUID(), gatewayId, name: exposed, originalName: name, definition, createdAt, updatedAt };
}

export function aServer(name: string, toolIds: string[]): ServerRecord {
  const at = new Date(1_780_000_000_456);
  return { id: randomUUID(), name, description: 'a bundle', toolIds, createdAt: at, updatedAt: at };
}

export function aCall(toolId: string, timestampMs: number): ToolCallRecord {
  return { toolId, timestampMs, responseTime: 0.0125, isSuccess: true, errorMessage: null };
}

export function anAggregate(toolId: string, lastCallMs: number, latencyUs: number): ToolAggregate {
  const latency = new LatencySketch();
  latency.record(latencyUs);
  return { toolId, calls: 1, failures: 1, lastCallMs, latency: latency.toJSON() };
}
