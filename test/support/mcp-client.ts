/** A hand-written MCP client for tests: sends exactly what it is told, shows exactly what came back. */
export interface McpReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body, or the messages of the event stream. */
  readonly messages: Record<string, unknown>[];
}

export const acceptBoth = 'application/json, text/event-stream';

export async function post(
  url: string,
  body: string | object,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<McpReply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: acceptBoth, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    messages: messagesOf(response.headers, text),
  };
}

/** Opens a legacy session and gives the headers that its requests carry. */
export async function openSession(
  url: string,
  headers: Record<string, string> = {},
): Promise<Record<string, string>> {
  const clientInfo = { name: 'test', version: '0' };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const { status, headers: answered } = await post(
    url,
    { jsonrpc: '2.0', id: 0, method: 'initialize', params },
    headers,
  );
  const sessionId = answered.get('mcp-session-id');
  if (status !== 200 || sessionId === null) throw new Error(`no session: HTTP ${status}`);
  return { ...headers, 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' };
}

export const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** A request of the modern era with its headers; `meta` goes beside the envelope. */
export function modernRequest(
  method: string,
  params: Record<string, unknown> = {},
  id: number | string = 1,
  meta: object = {},
): { body: object; headers: Record<string, string> } {
  const name = params['name'];
  return {
    body: { jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...envelope, ...meta } } },
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    },
  };
}

function messagesOf(headers: Headers, text: string): Record<string, unknown>[] {
  if (text === '') return [];
  if (headers.get('content-type')?.startsWith('text/event-stream') !== true) return [JSON.parse(text)];
  return text
    .split('\n\n')
    .filter((event) => event.includes('data: '))
    .map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)));
}
