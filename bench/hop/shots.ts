import type { Shot } from './load.ts';

const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const args = { message: 'a text of about fifty characters, as tools have them' };

/** A tools/call of the legacy era, in a session that is opened here. Rejects when the server gives none. */
export async function legacyShot(
  send: (shot: Shot) => Promise<string>,
  baseUrl: string,
  toolName: string,
  headers: Record<string, string>,
): Promise<Shot> {
  const url = new URL('/mcp', baseUrl);
  const clientInfo = { name: 'gaugeway-bench', version: '1.0.0' };
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const answer = await send({
    url,
    headers: { ...common, ...headers },
    body: request('initialize', initialize),
  });
  const [status, sessionId] = answer.split('\n', 1)[0]?.split(' ') ?? [];
  if (status !== '200' || !sessionId)
    throw new Error(`${url.href} opened no session: ${answer.slice(0, 300)}`);
  const session = { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' };
  const body = request('tools/call', { name: toolName, arguments: args });
  return { url, headers: { ...common, ...headers, ...session }, body };
}

/** A tools/call of the modern era. */
export function modernShot(baseUrl: string, toolName: string, headers: Record<string, string>): Shot {
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'gaugeway-bench', version: '1.0.0' },
  };
  const mirrored = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': toolName };
  const body = request('tools/call', { name: toolName, arguments: args, _meta: envelope });
  return { url: new URL('/mcp', baseUrl), headers: { ...common, ...headers, ...mirrored }, body };
}

function request(method: string, params: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
}
