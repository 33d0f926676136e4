import { describe, expect, it } from 'vitest';
import type { HarRequest } from '../../../../test/support/har.ts';
import { get, post, recorded } from '../../../../test/support/record-har.ts';

const mcp = (method: string, params?: unknown, more: Partial<HarRequest> = {}): HarRequest =>
  post(
    '/mcp',
    { jsonrpc: '2.0', ...(method.startsWith('notifications/') ? {} : { id: 3 }), method, params },
    { headers: { 'mcp-session-id': 'x' }, ...more },
  );
const result = (value: unknown) => ({ jsonrpc: '2.0', id: 3, result: value });

describe('MCP in a recording', () => {
  it('becomes steps of MCP, and the session is left to the engine', async () => {
    const { steps, scenario, reasons } = await recorded([
      mcp('initialize', { protocolVersion: '2025-11-25' }),
      mcp('notifications/initialized'),
      get('/mcp'),
      mcp('tools/list', { _meta: { progressToken: 1 } }, { answer: result({ tools: [] }) }),
      mcp('tools/call', { name: 'echo', arguments: { m: '${x}' } }, { answer: result({ content: [] }) }),
      mcp('tools/call', { name: 'bare' }),
      mcp('resources/read', { uri: 'file:///a' }),
      { ...get('/mcp'), method: 'DELETE' },
    ]);
    expect(scenario.protocol).toBe('mcp');
    expect(steps).toEqual([
      { mcp: 'tools/list' },
      { tool: 'echo', arguments: { m: '$${x}' } },
      { tool: 'bare', arguments: {} },
      { mcp: 'resources/read', params: { uri: 'file:///a' } },
    ]);
    expect(reasons).toEqual({
      'POST /mcp': 'users of a load begin their MCP session by themselves ×2',
      'GET /mcp': 'users of a load keep their MCP session by themselves ×1',
      'DELETE /mcp': 'users of a load keep their MCP session by themselves ×1',
    });
  });

  it('of a virtual server asks for the option that goes there', async () => {
    const message = { jsonrpc: '2.0', id: 3, method: 'tools/list' };
    const { leftOut } = await recorded([
      post('/servers/abc/mcp', message, { headers: { authorization: 'x' } }),
    ]);
    expect(leftOut).toMatchObject([
      { name: 'the endpoint /servers/abc/mcp', reason: '--server abc sends its messages there' },
      { name: 'the header authorization' },
    ]);
  });

  it('takes values from results, also those of event streams', async () => {
    const event = `event: message\ndata: ${JSON.stringify(result({ structuredContent: { id: 'order-4711' } }))}\n\n`;
    const { steps } = await recorded([
      mcp('tools/call', { name: 'order' }, { answer: event, answerType: 'text/event-stream' }),
      mcp('tools/call', { name: 'track', arguments: { id: 'order-4711' } }),
    ]);
    expect(steps).toEqual([
      { tool: 'order', arguments: {}, extract: { order_id: '$.structuredContent.id' } },
      { tool: 'track', arguments: { id: '${order_id}' } },
    ]);
  });

  it('leaves out what failed when it was recorded', async () => {
    const { steps, reasons } = await recorded([
      get('/'),
      mcp('tools/call', { name: 'a' }, { answer: result({ isError: true, content: [] }) }),
      mcp('tools/call', { name: 'b' }, { answer: { jsonrpc: '2.0', id: 3, error: { code: -32602 } } }),
      post('/mcp', [{ jsonrpc: '2.0', id: 1, method: 'ping' }]),
    ]);
    expect(steps).toEqual([{ request: 'GET /' }]);
    expect(reasons).toEqual({ 'POST /mcp': expect.any(String) });
  });

  it('is plain JSON-RPC where there is no session', async () => {
    const message = { jsonrpc: '2.0', id: 3, method: 'tools/list', params: {} };
    const { steps, scenario } = await recorded([
      post('/rpc', message, { answer: result({ tools: [] }) }),
      post('/messages', message, { status: 202 }),
    ]);
    expect(scenario.protocol).toBe('http');
    expect(steps).toEqual([
      { mcp: 'tools/list', path: '/rpc' },
      { request: 'POST /messages', json: message },
    ]);
  });
});
