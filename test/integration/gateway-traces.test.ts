import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GatewayConfig } from '../../src/config/schema.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { freePort } from '../support/free-port.ts';
import { modernRequest, post } from '../support/mcp-client.ts';
import type { McpReply } from '../support/mcp-client.ts';
import { OtlpReceiver } from '../support/otlp-receiver.ts';
import type { ReceivedSpan } from '../support/otlp-receiver.ts';
import { startGateway } from './running-gateway.ts';
import type { RunningGateway } from './running-gateway.ts';

const server = 2;
const client = 3;
const sampled = `00f067aa0ba902b7-01`;
const baggage = 'gaugeway.run_id=run%201,gaugeway.scenario=realistic,gaugeway.step=echo,secret=1';
const traceOf = (digit: string): string => digit.repeat(32);
const soon = { timeout: 10_000 };

function outcomeOf({ name, status, attributes }: ReceivedSpan): unknown[] {
  return [name, attributes['error.type'], attributes['rpc.response.status_code'], status];
}

/** A server whose tool `broken` fails, and whose tool `refused` is answered with an error. */
function startUpstream(): Promise<CountingMcpServer> {
  return CountingMcpServer.start({
    tools: [{ name: 'echo' }, { name: 'broken' }, { name: 'refused' }, { name: 'gone' }],
    onCall(tool, _call, response, id) {
      if (tool === 'echo') return undefined;
      const outcome =
        tool === 'broken'
          ? { result: { content: [{ type: 'text', text: 'no disk' }], isError: true } }
          : { error: { code: -32001, message: 'not for you, password=hunter2' } };
      if (tool === 'gone') response.destroy();
      else {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ jsonrpc: '2.0', id, ...outcome }));
      }
      return true;
    },
  });
}

async function gatewayFor(
  upstream: CountingMcpServer,
  over: Partial<GatewayConfig>,
): Promise<RunningGateway> {
  const gateway = await startGateway('postgres://unused', { storage: 'memory', ...over }, [
    { name: 'lab', url: `${upstream.url}/mcp` },
  ]);
  await vi.waitFor(async () => expect((await gateway.request('/ready')).status).toBe(200), soon);
  return gateway;
}

/** A tools/call with members added to `_meta` and to the headers. */
async function call(
  gateway: RunningGateway,
  name: string,
  meta: object,
  headers: Record<string, string>,
): Promise<McpReply> {
  const request = modernRequest('tools/call', { name, arguments: {} }, 1, meta);
  return await post(`${gateway.server.url}/mcp`, request.body, {
    ...request.headers,
    authorization: `Bearer ${gateway.token}`,
    ...headers,
  });
}

describe('a gateway with a receiver of spans', () => {
  let upstream: CountingMcpServer;
  let receiver: OtlpReceiver;
  let metrics: string;

  beforeAll(async () => {
    upstream = await startUpstream();
    receiver = await OtlpReceiver.start();
    const gateway = await gatewayFor(upstream, {
      otlpEndpoint: receiver.url,
      otlpHeaders: { authorization: 'Bearer of-the-receiver' },
      tracesSampler: 'parentbased_always_off',
    });
    const inMeta = { traceparent: `00-${traceOf('a')}-${sampled}`, tracestate: 'v=1', baggage };
    await call(gateway, 'lab-echo', inMeta, { traceparent: `00-${traceOf('b')}-${sampled}` });
    await call(gateway, 'lab-echo', {}, { traceparent: `00-${traceOf('c')}-${sampled}`, baggage });
    await call(gateway, 'lab-broken', { traceparent: `00-${traceOf('d')}-${sampled}` }, {});
    await call(gateway, 'lab-refused', { traceparent: `00-${traceOf('e')}-${sampled}` }, {});
    await call(gateway, 'lab-nothing', { traceparent: `00-${traceOf('f')}-${sampled}` }, {});
    await call(gateway, 'lab-gone', { traceparent: `00-${traceOf('1')}-${sampled}` }, {});
    const unsampled = `00-${traceOf('2')}-00f067aa0ba902b7-00`;
    await call(gateway, 'lab-echo', { traceparent: unsampled }, { traceparent: unsampled });
    await call(gateway, 'lab-echo', {}, {});
    const sdk = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
    const headers = {
      authorization: `Bearer ${gateway.token}`,
      traceparent: `00-${traceOf('3')}-${sampled}`,
    };
    const url = new URL('/mcp', gateway.server.url);
    await sdk.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    await sdk.listTools();
    await sdk.callTool({ name: 'lab-echo', arguments: {} });
    await sdk.close();
    metrics = await (await gateway.request('/metrics/prometheus')).text();
    await gateway.server.close();
  });
  afterAll(async () => {
    await receiver[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  test('sends all that were finished before it ended, to the path of traces, with the headers', () => {
    expect(receiver.requests[0]).toMatchObject({
      url: '/v1/traces',
      headers: { authorization: 'Bearer of-the-receiver', 'content-type': 'application/json' },
    });
    expect(receiver.resource).toMatchObject({ 'service.name': 'gaugeway', 'service.version': '0.0.0-test' });
    expect(metrics).toContain('gaugeway_spans_dropped_total{reason="export_failed"} 0\n');
  });

  test('makes a span for the operation and one for the request below it', () => {
    const [operation, request, ...more] = receiver.trace(traceOf('a'));
    expect(more).toEqual([]);
    expect(operation).toMatchObject({
      name: 'tools/call lab-echo',
      kind: server,
      parentSpanId: '00f067aa0ba902b7',
      traceState: 'v=1',
      flags: 0x301,
      links: [{ traceId: traceOf('b'), spanId: '00f067aa0ba902b7' }],
    });
    expect(operation?.attributes).toEqual({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'lab-echo',
      'mcp.protocol.version': '2026-07-28',
      'network.transport': 'tcp',
      'network.protocol.name': 'http',
      'network.protocol.version': '1.1',
      'jsonrpc.request.id': '1',
      'gaugeway.run_id': 'run 1',
      'gaugeway.scenario': 'realistic',
      'gaugeway.step': 'echo',
    });
    expect(operation?.status).toBeUndefined();
    expect(request).toMatchObject({
      name: 'tools/call echo',
      kind: client,
      parentSpanId: operation?.spanId,
      flags: 0x101,
    });
    expect(request?.attributes).toMatchObject({
      'gen_ai.tool.name': 'echo',
      'server.address': '127.0.0.1',
      'server.port': Number(new URL(upstream.url).port),
      'gaugeway.upstream': 'lab',
    });
    const [from, to] = [BigInt(request?.startTimeUnixNano ?? 0), BigInt(request?.endTimeUnixNano ?? 0)];
    expect(BigInt(operation?.startTimeUnixNano ?? 0)).toBeLessThanOrEqual(from);
    expect(from).toBeLessThan(to);
    expect(to).toBeLessThanOrEqual(BigInt(operation?.endTimeUnixNano ?? 0));
  });

  test('names the request to the upstream as what it comes from, in _meta and in the headers', () => {
    for (const [index, digit] of ['a', 'c'].entries()) {
      const [, request] = receiver.trace(traceOf(digit));
      const traceparent = `00-${traceOf(digit)}-${request?.spanId}-01`;
      const seen = upstream.carriersSeen[index];
      expect(seen?.meta).toMatchObject({ traceparent, baggage });
      expect(seen?.headers).toMatchObject({ traceparent, baggage });
      expect(seen?.meta['tracestate']).toBe(digit === 'a' ? 'v=1' : undefined);
    }
  });

  test('takes the HTTP context for the parent where _meta names none', () => {
    const [operation] = receiver.trace(traceOf('c'));
    expect(operation).toMatchObject({ parentSpanId: '00f067aa0ba902b7' });
    expect(operation?.links).toBeUndefined();
    expect(receiver.trace(traceOf('b'))).toEqual([]);
  });

  test('tells failures as the conventions do, and no secret', () => {
    const broken = ['tool_error', undefined, { code: 2 }];
    expect(receiver.trace(traceOf('d')).map(outcomeOf)).toEqual([
      ['tools/call lab-broken', ...broken],
      ['tools/call broken', ...broken],
    ]);
    const refused = ['-32001', '-32001', { code: 2, message: 'not for you, password=***' }];
    expect(receiver.trace(traceOf('e')).map(outcomeOf)).toEqual([
      ['tools/call lab-refused', ...refused],
      ['tools/call refused', ...refused],
    ]);
    expect(receiver.trace(traceOf('f')).map(outcomeOf)).toEqual([
      ['tools/call', '-32602', '-32602', { code: 2, message: 'unknown tool "lab-nothing"' }],
    ]);
    const message = expect.stringContaining('upstream lab cannot be reached');
    expect(receiver.trace(traceOf('1')).map(outcomeOf)).toEqual([
      ['tools/call lab-gone', '-32603', '-32603', { code: 2, message }],
      ['tools/call gone', 'upstream_unreachable', undefined, { code: 2, message }],
    ]);
  });

  test('leaves the context of others alone: not sampled, or none', () => {
    expect(receiver.trace(traceOf('2'))).toEqual([]);
    const unsampled = `00-${traceOf('2')}-00f067aa0ba902b7-00`;
    const [passed, none] = upstream.carriersSeen.slice(-3);
    expect(passed?.meta['traceparent']).toBe(unsampled);
    expect(passed?.headers['traceparent']).toBe(unsampled);
    expect(none?.headers).not.toHaveProperty('traceparent');
    expect(none?.meta).not.toHaveProperty('traceparent');
  });

  test('covers every method of a legacy client, with its session', () => {
    const spans = receiver.trace(traceOf('3'));
    expect(spans.map(({ name }) => name)).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/list',
      'tools/call lab-echo',
      'tools/call echo',
    ]);
    for (const { attributes, kind } of spans.slice(1)) {
      // Without the part that proves it.
      const publicId = expect.stringMatching(/^2025-11-25\.\d+\.[\w-]{22}$/);
      expect(attributes['mcp.session.id']).toEqual(kind === server ? publicId : undefined);
    }
    expect(spans[1]?.attributes).not.toHaveProperty('jsonrpc.request.id');
    expect(spans[2]?.attributes).toMatchObject({ 'mcp.protocol.version': '2025-11-25' });
  });
});

test('without a receiver nothing is sent, and the context passes on as it came', async () => {
  await using upstream = await startUpstream();
  const gateway = await gatewayFor(upstream, {});
  const context = { traceparent: `00-${traceOf('a')}-${sampled}`, tracestate: 'v=1', baggage };
  await call(gateway, 'lab-echo', context, context);
  await call(gateway, 'lab-echo', {}, {});
  await gateway.server.close();
  expect(upstream.carriersSeen[0]).toMatchObject({ meta: context, headers: context });
  expect(upstream.carriersSeen[1]?.headers).not.toHaveProperty('traceparent');
  expect(upstream.carriersSeen[1]?.meta).not.toHaveProperty('traceparent');
});

/** What the gateway counts of its spans, but for zeros. */
async function dropped(gateway: RunningGateway): Promise<string> {
  const metrics = await (await gateway.request('/metrics/prometheus')).text();
  return metrics
    .split('\n')
    .filter((line) => /^gaugeway_spans_\w+ \d|^gaugeway_spans_dropped_total\{.* [1-9]/.test(line))
    .join('\n');
}

describe('a receiver that does not take spans', () => {
  test('costs spans, which are counted, and no call', async () => {
    await using upstream = await startUpstream();
    const gateway = await gatewayFor(upstream, { otlpEndpoint: `http://127.0.0.1:${await freePort()}` });
    const { messages } = await call(gateway, 'lab-echo', {}, {});
    expect(messages).toMatchObject([{ result: { content: [{ text: 'ok' }] } }]);
    await vi.waitFor(
      async () =>
        expect(await dropped(gateway)).toBe(
          'gaugeway_spans_exported_total 0\ngaugeway_spans_dropped_total{reason="export_failed"} 2',
        ),
      soon,
    );
    await gateway.server.close();
  });

  test('is not followed to where it redirects, and believed when it rejects some', async () => {
    await using upstream = await startUpstream();
    await using elsewhere = await OtlpReceiver.start();
    await using receiver = await OtlpReceiver.start();
    receiver.reply = { status: 307, body: '', headers: { location: `${elsewhere.url}/v1/traces` } };
    const gateway = await gatewayFor(upstream, { otlpTracesEndpoint: `${receiver.url}/custom` });
    await call(gateway, 'lab-echo', {}, {});
    await vi.waitFor(
      async () => expect(await dropped(gateway)).toContain('{reason="export_failed"} 2'),
      soon,
    );
    expect(receiver.requests[0]?.url).toBe('/custom');
    expect(elsewhere.requests).toEqual([]);

    receiver.reply = { status: 200, body: '{"partialSuccess":{"rejectedSpans":"1"}}' };
    await call(gateway, 'lab-echo', {}, {});
    await vi.waitFor(async () => expect(await dropped(gateway)).toContain('{reason="rejected"} 1'), soon);
    expect(await dropped(gateway)).toContain('gaugeway_spans_exported_total 1\n');
    await gateway.server.close();
  });
});
