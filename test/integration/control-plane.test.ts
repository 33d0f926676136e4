import { createServer, request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import type { UpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { startGateway, toolCall } from './running-gateway.ts';
import type { RunningGateway } from './running-gateway.ts';

let database: TestDatabase;
let fixture: UpstreamFixture;
let gateway: RunningGateway;

beforeAll(async () => {
  database = await testDatabase();
  fixture = await startUpstreamFixture({ port: 0 });
  gateway = await startGateway(database.dsn, { metricsFlushIntervalMs: 20 });
  await vi.waitFor(async () => expect((await gateway.request('/ready')).status).toBe(200), {
    timeout: 10_000,
  });
});
afterAll(async () => {
  await gateway.server.close();
  await fixture.close();
  await database[Symbol.asyncDispose]();
});

const idOf = (answer: unknown): string => String(Object(answer).id);

describe('gateways, tools and servers', () => {
  test('an MCP server is registered, its tools are offered, called and counted, and all goes with it', async () => {
    const created = await gateway.json('POST', '/gateways', 201, { name: 'Lab One', url: fixture.url });
    expect(created).toMatchObject({
      name: 'Lab One',
      slug: 'lab-one',
      url: fixture.url,
      transport: 'STREAMABLEHTTP',
      enabled: true,
      reachable: true,
      lastError: null,
      capabilities: { serverInfo: { name: 'gaugeway-upstream-fixture' } },
    });
    expect(await gateway.json('GET', `/gateways/${idOf(created)}`, 200)).toMatchObject({ name: 'Lab One' });
    expect(await gateway.json('GET', '/gateways', 200)).toMatchObject([{ id: idOf(created) }]);

    const tools = await gateway.json('GET', '/tools', 200);
    expect(tools).toMatchObject([
      {
        name: 'lab-one-convert-time',
        originalName: 'convert_time',
        gatewaySlug: 'lab-one',
        integrationType: 'MCP',
      },
      { name: 'lab-one-echo', inputSchema: { type: 'object' } },
      { name: 'lab-one-fail' },
      { name: 'lab-one-get-system-time' },
      { name: 'lab-one-slow' },
    ]);
    expect(await gateway.json('GET', '/tools?include_pagination=true', 200)).toEqual({
      tools,
      nextCursor: null,
    });

    const echo = await gateway.request('/mcp', toolCall('lab-one-echo', { message: 'hello' }));
    expect(await echo.text()).toContain('hello');
    await gateway.request('/mcp', toolCall('lab-one-fail', {}));
    await vi.waitFor(
      async () =>
        expect(await gateway.json('GET', '/metrics', 200)).toMatchObject({
          tools: { totalExecutions: 2, failedExecutions: 1, failureRate: 0.5 },
          byTool: [
            {
              name: 'lab-one-echo',
              totalExecutions: 1,
              failedExecutions: 0,
              minResponseTime: expect.any(Number),
            },
            { name: 'lab-one-fail', totalExecutions: 1, failedExecutions: 1 },
          ],
        }),
      { timeout: 10_000 },
    );

    const deleted = await gateway.json('DELETE', `/gateways/${idOf(created)}`, 200);
    expect(deleted).toMatchObject({ status: 'success' });
    expect(await gateway.json('GET', '/tools', 200)).toEqual([]);
    await gateway.json('GET', `/gateways/${idOf(created)}`, 404);
    await gateway.json('DELETE', `/gateways/${idOf(created)}`, 404);
  });

  test('a virtual server bundles tools, in either spelling, and serves only them', async () => {
    const created = await gateway.json('POST', '/gateways', 201, { name: 'bundled', url: fixture.url });
    const tools = Object(await gateway.json('GET', '/tools', 200));
    const [first, second] = [idOf(tools[1]), idOf(tools[0])];
    const one = await gateway.json('POST', '/servers', 201, {
      server: { name: 'team one', description: 'd', associated_tools: [first, second, first] },
    });
    expect(one).toMatchObject({
      name: 'team one',
      associatedToolIds: [first, second],
      associatedTools: ['bundled-echo', 'bundled-convert-time'],
    });
    const two = await gateway.json('POST', '/servers', 201, { name: 'team two', associatedTools: [first] });
    expect(await gateway.json('GET', '/servers', 200)).toMatchObject([{ id: idOf(one) }, { id: idOf(two) }]);

    const path = `/servers/${idOf(two)}/mcp`;
    expect(
      await (await gateway.request(path, toolCall('bundled-echo', { message: 'yes' }))).text(),
    ).toContain('yes');
    const hidden = await gateway.request(path, toolCall('bundled-convert-time', {}));
    expect(await hidden.json()).toMatchObject({ error: { code: -32602 } });

    await gateway.json('DELETE', `/servers/${idOf(two)}`, 200);
    expect((await gateway.request(path, toolCall('bundled-echo', {}))).status).toBe(404);
    await gateway.json('DELETE', `/gateways/${idOf(created)}`, 200);
    expect(await gateway.json('GET', `/servers/${idOf(one)}`, 200)).toMatchObject({ associatedTools: [] });
    await gateway.json('DELETE', `/servers/${idOf(one)}`, 200);
  });

  test('duplicates are 409', async () => {
    const created = await gateway.json('POST', '/gateways', 201, { name: 'twice', url: fixture.url });
    for (const name of ['twice', 'TWICE', 'Twice!']) {
      expect(await gateway.json('POST', '/gateways', 409, { name, url: fixture.url })).toMatchObject({
        code: 'conflict',
      });
    }
    const concurrent = await Promise.all(
      Array.from({ length: 4 }, () =>
        gateway.request('/gateways', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'race', url: fixture.url }),
        }),
      ),
    );
    const statuses = concurrent.map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
    const server = await gateway.json('POST', '/servers', 201, { name: 'same' });
    await gateway.json('POST', '/servers', 409, { name: 'same' });
    await gateway.json('DELETE', `/servers/${idOf(server)}`, 200);
    await gateway.json('DELETE', `/gateways/${idOf(created)}`, 200);
    for (const entry of Object(await gateway.json('GET', '/gateways', 200))) {
      await gateway.json('DELETE', `/gateways/${idOf(entry)}`, 200);
    }
  });

  test.each([
    ['/gateways', { url: 'http://127.0.0.1/mcp' }, 'name'],
    ['/gateways', { name: 'x' }, 'url'],
    ['/gateways', { name: '', url: 'http://127.0.0.1/mcp' }, 'name'],
    ['/gateways', { name: '!!!', url: 'http://127.0.0.1/mcp' }, 'name'],
    ['/gateways', { name: 'x\u0000', url: 'http://127.0.0.1/mcp' }, 'name'],
    ['/gateways', { name: 'x', url: 'not a url' }, 'url'],
    ['/gateways', { name: 'x', url: 'file:///etc/passwd' }, 'url'],
    ['/gateways', { name: 'x', url: 'http://169.254.169.254/latest' }, 'url'],
    ['/gateways', { name: 'x', url: 'http://127.0.0.1/mcp', transport: 'SSE' }, 'transport'],
    ['/gateways', { name: 'x', url: 'http://127.0.0.1/mcp', auth_type: 'bearer' }, 'auth_type'],
    ['/servers', { server: {} }, 'name'],
    ['/servers', { name: 'x', associatedTools: ['nope'] }, 'associatedTools'],
    ['/servers', { name: 'x', associated_tools: 'nope' }, 'associatedTools'],
  ])('POST %s with %j names the field at fault', async (path, body, field) => {
    const answer = await gateway.json('POST', path, 422, body);
    expect(answer).toMatchObject({ code: 'unprocessable', detail: [{ loc: ['body', field] }] });
  });

  test('an upstream that is down or no MCP server is not registered, and says why', async () => {
    const down = await gateway.json('POST', '/gateways', 502, {
      name: 'down',
      url: 'http://127.0.0.1:9/mcp',
    });
    expect(down).toMatchObject({
      code: 'upstream_unreachable',
      detail: expect.stringContaining('connection refused'),
    });
    const web = createServer((_req, res) => res.end('<html>hello</html>'));
    await new Promise<void>((resolve) => {
      web.listen(0, '127.0.0.1', resolve);
    });
    const address = web.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const answer = await gateway.json('POST', '/gateways', 502, {
      name: 'web',
      url: `http://127.0.0.1:${port}/`,
    });
    expect(answer).toMatchObject({ code: 'upstream_invalid' });
    web.close();
    expect(await gateway.json('GET', '/gateways', 200)).toEqual([]);
    // Or whoever may register could fill the memory with names.
    expect(await (await gateway.request('/metrics/prometheus')).text()).not.toMatch(/gateway="(down|web)"/);
  });
});

test('tools that cannot be called by their name are not offered; the others of their server are', async () => {
  const names = ['good', '', 'nul\0', 'half a pair \ud800', 'x'.repeat(10_000), 'twice', 'twice'];
  await using server = await CountingMcpServer.start({ tools: names.map((name) => ({ name })) });
  const created = await gateway.json('POST', '/gateways', 201, { name: 'odd', url: `${server.url}/mcp` });
  expect(await gateway.json('GET', '/tools', 200)).toMatchObject([
    { name: 'odd-good' },
    { name: 'odd-twice' },
  ]);
  await gateway.json('DELETE', `/gateways/${idOf(created)}`, 200);
});

describe('who may ask, and how', () => {
  test.each([
    '/gateways',
    '/tools',
    '/servers',
    '/metrics',
    '/metrics/prometheus',
    '/openapi.json',
    '/nowhere',
  ])('%s needs a token', async (path) => {
    const response = await fetch(new URL(path, gateway.server.url));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="gaugeway"');
    const forged = await fetch(new URL(path, gateway.server.url), {
      headers: { authorization: 'Bearer x.y.z' },
    });
    expect(await forged.text()).toBe(await response.text());
  });

  test.each(['/health', '/ready', '/version'])('%s does not', async (path) => {
    const response = await fetch(new URL(path, gateway.server.url));
    expect(response.status).toBe(200);
  });

  test('a foreign Host or Origin is refused', async () => {
    const { hostname, port } = new URL(gateway.server.url);
    const status = await new Promise((resolve, reject) => {
      rawRequest({ hostname, port, path: '/version', headers: { host: 'evil.example' } }, (res) => {
        res.resume();
        resolve(res.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
    expect((await gateway.request('/tools', { headers: { origin: 'https://evil.example' } })).status).toBe(
      403,
    );
  });

  test('malformed, oversized and foreign bodies are refused without a stack', async () => {
    const post = (body: string, type = 'application/json'): Promise<Response> =>
      gateway.request('/gateways', { method: 'POST', headers: { 'content-type': type }, body });
    const malformed = await post('{"name":');
    expect(malformed.status).toBe(400);
    expect(await malformed.json()).toMatchObject({ code: 'parse_error' });
    expect((await post('')).status).toBe(400);
    expect((await post('<xml/>', 'text/xml')).status).toBe(415);
    expect((await post('{}', 'text/plain')).status).toBe(415);
    expect((await post(`{"name":"${'x'.repeat(5 * 1024 * 1024)}"}`)).status).toBe(413);
    expect(await (await gateway.request('/nowhere')).text()).not.toContain('    at ');
    const poisoned = await post('{"__proto__":{"admin":true},"name":"x","url":"http://127.0.0.1/"}');
    expect(poisoned.status).toBe(400);
  });

  test.each([
    ['/tools/%zz', 400, 'invalid_request'],
    [`/tools/${'x'.repeat(200)}`, 404, 'not_found'],
  ])('what the router itself refuses has the same shape: GET %s', async (path, status, code) => {
    expect(await gateway.json('GET', path, status)).toEqual({ code, detail: expect.any(String) });
  });

  test('a DELETE may name a content type', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await gateway.request('/servers/none', { method: 'DELETE', headers });
    expect(response.status).toBe(404);
  });

  test('describes itself', async () => {
    const document = await gateway.json('GET', '/openapi.json', 200);
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/gateways': { post: { requestBody: expect.anything(), responses: { 201: expect.anything() } } },
        '/gateways/{id}': { delete: expect.anything() },
        '/tools/{id}': { get: expect.anything() },
        '/servers': { post: expect.anything() },
        '/metrics': { get: expect.anything() },
        '/health': { get: { responses: { 503: expect.anything() } } },
      },
    });
    expect(JSON.stringify(document)).not.toContain('$schema');
  });

  test('exposes metrics for Prometheus', async () => {
    const response = await gateway.request('/metrics/prometheus');
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    const text = await response.text();
    expect(text).toMatch(/^gaugeway_http_requests_total\{endpoint="control",status="2xx"\} \d+$/m);
    expect(text).toMatch(/^gaugeway_storage_healthy 1$/m);
    expect(text).toMatch(/^gaugeway_metrics_dropped_rows_total 0$/m);
  });
});
