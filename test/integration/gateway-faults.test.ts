import { createServer } from 'node:http';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { testDatabase } from '../support/postgres.ts';
import { query } from '../support/query.ts';
import { startGateway, toolCall } from './running-gateway.ts';
import type { RunningGateway } from './running-gateway.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function database(): Promise<string> {
  const fresh = await testDatabase();
  cleanUps.push(async () => fresh[Symbol.asyncDispose]());
  return fresh.dsn;
}

async function fixture(port = 0): Promise<{ url: string; port: number; close: () => Promise<void> }> {
  const running = await startUpstreamFixture({ port });
  let open = true;
  const close = async (): Promise<void> => {
    if (open) await running.close();
    open = false;
  };
  cleanUps.push(close);
  return { url: running.url, port: Number(new URL(running.url).port), close };
}

async function gatewayOn(...args: Parameters<typeof startGateway>): Promise<RunningGateway> {
  const gateway = await startGateway(...args);
  let open = true;
  const close = async (): Promise<void> => {
    if (open) await server.close();
    open = false;
  };
  const { server } = gateway;
  cleanUps.push(close);
  return { ...gateway, server: { url: server.url, close } };
}

async function admin(dsn: string, ...statements: string[]): Promise<void> {
  const url = new URL(dsn);
  url.pathname = '/postgres';
  for (const statement of statements) await query(url.href, statement);
}

const call = async (gateway: RunningGateway, name: string, args: Record<string, unknown> = {}) =>
  (await gateway.request('/mcp', toolCall(name, args))).json();
const answered = { result: { content: [{ type: 'text' }] } };
const soon = { timeout: 15_000, interval: 50 };

describe('PostgreSQL away while the gateway runs', () => {
  test('health tells it, calls go on, and no recorded call is lost', async () => {
    const dsn = await database();
    const upstream = await fixture();
    const gateway = await gatewayOn(dsn, { metricsFlushIntervalMs: 20 }, [
      { name: 'demo', url: upstream.url },
    ]);
    await vi.waitFor(async () => expect((await gateway.request('/ready')).status).toBe(200), soon);
    expect(await call(gateway, 'demo-echo', { message: 'a' })).toMatchObject(answered);

    const name = new URL(dsn).pathname.slice(1);
    await admin(
      dsn,
      `alter database ${name} allow_connections false`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
    await vi.waitFor(async () => expect((await gateway.request('/health')).status).toBe(503), soon);
    const unready = await gateway.request('/ready');
    expect(unready.status).toBe(503);
    expect(await unready.json()).toEqual({ status: 'unready', notReady: ['the storage does not answer'] });
    for (let index = 0; index < 25; index += 1) {
      expect(await call(gateway, 'demo-echo', { message: 'b' })).toMatchObject(answered);
    }
    expect(await gateway.json('GET', '/tools', 200)).toHaveLength(5);
    expect(await gateway.json('POST', '/servers', 503, { name: 'x' })).toMatchObject({ code: 'unavailable' });
    expect(await gateway.json('GET', '/metrics', 503)).toMatchObject({ code: 'unavailable' });

    await admin(dsn, `alter database ${name} allow_connections true`);
    await vi.waitFor(async () => expect((await gateway.request('/health')).status).toBe(200), soon);
    await gateway.server.close();
    const rows = await query(
      dsn,
      'select count(*)::int as rows, sum(is_success::int)::int as ok from tool_metrics',
    );
    const totals = await query(dsn, 'select calls::int, failures::int from tool_metrics_totals');
    expect(rows).toEqual([{ rows: 26, ok: 26 }]);
    expect(totals).toEqual([{ calls: 26, failures: 0 }]);
  });
});

describe('upstreams come and go', () => {
  test('a stored catalogue is served at once although its upstream is down, and the others are not held up', async () => {
    const dsn = await database();
    const [one, two] = [await fixture(), await fixture()];
    const first = await gatewayOn(dsn);
    await first.json('POST', '/gateways', 201, { name: 'one', url: one.url });
    await first.json('POST', '/gateways', 201, { name: 'two', url: two.url });
    await first.server.close();
    await one.close();

    const again = await gatewayOn(dsn, { upstreamCheckIntervalMs: 200 });
    expect(await again.json('GET', '/tools', 200)).toHaveLength(10);
    expect(await call(again, 'two-echo', { message: 'here' })).toMatchObject(answered);
    expect(await call(again, 'one-echo', { message: 'here' })).toMatchObject({
      error: { message: expect.stringContaining('connection refused') },
    });
    expect(await again.json('GET', '/gateways', 200)).toMatchObject([
      { name: 'one', reachable: false, lastError: expect.stringContaining('connection refused') },
      { name: 'two', reachable: true, lastError: null, lastSeen: expect.any(String) },
    ]);

    await fixture(one.port);
    await vi.waitFor(
      async () =>
        expect(await again.json('GET', '/gateways', 200)).toMatchObject([
          { name: 'one', reachable: true, lastError: null },
          { name: 'two', reachable: true },
        ]),
      soon,
    );
    expect(await call(again, 'one-echo', { message: 'back' })).toMatchObject(answered);
    const metrics = await (await again.request('/metrics/prometheus')).text();
    expect(metrics).toMatch(
      /^gaugeway_upstream_errors_total\{gateway="one",code="upstream_unreachable"\} [1-9]/m,
    );
    expect(metrics).toMatch(
      /^mcp_client_operation_duration_seconds_count\{gaugeway_upstream="two",mcp_method_name="tools\/call",.*\} 1$/m,
    );
  });

  test('an upstream named on the command line that is down is registered when it comes up', async () => {
    const upstream = await fixture();
    await upstream.close();
    const gateway = await gatewayOn(await database(), {}, [{ name: 'late', url: upstream.url }]);
    await vi.waitFor(async () => expect((await gateway.request('/ready')).status).toBe(200), soon);
    expect(await gateway.json('GET', '/gateways', 200)).toEqual([]);
    await fixture(upstream.port);
    await vi.waitFor(async () => expect(await gateway.json('GET', '/tools', 200)).toHaveLength(5), soon);
  });
});

describe('replicas', () => {
  test('what one registers and removes, the other serves and forgets', async () => {
    const dsn = await database();
    const upstream = await fixture();
    const [one, two] = await Promise.all([gatewayOn(dsn), gatewayOn(dsn)]);
    const created = await one.json('POST', '/gateways', 201, { name: 'shared', url: upstream.url });
    await vi.waitFor(
      async () => expect(await call(two, 'shared-echo', { message: 'x' })).toMatchObject(answered),
      soon,
    );
    await one.json('DELETE', `/gateways/${String(Object(created).id)}`, 200);
    await vi.waitFor(async () => expect(await two.json('GET', '/tools', 200)).toEqual([]), soon);
    expect(await call(two, 'shared-echo')).toMatchObject({ error: { code: -32602 } });
  });

  test('both register the same upstream at start, and it is there once', async () => {
    const dsn = await database();
    const upstream = await fixture();
    const register = [{ name: 'same', url: upstream.url }];
    const replicas = await Promise.all([gatewayOn(dsn, {}, register), gatewayOn(dsn, {}, register)]);
    for (const replica of replicas) {
      await vi.waitFor(async () => expect(await replica.json('GET', '/tools', 200)).toHaveLength(5), soon);
      expect(await replica.json('GET', '/gateways', 200)).toHaveLength(1);
    }
  });
});

test('a shutdown does not wait for an upstream that never answers its registration', async () => {
  let asked = false;
  const silent = createServer(() => (asked = true));
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  cleanUps.push(async () => silent.close());
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const gateway = await gatewayOn(await database(), {}, [
    { name: 'silent', url: `http://127.0.0.1:${port}` },
  ]);
  await vi.waitFor(() => expect(asked).toBe(true), soon);
  await gateway.server.close();
  await expect(gateway.request('/health')).rejects.toThrow();
  // Bounded by the time in which connections are closed, not by that of a registration after it.
}, 14_000);
