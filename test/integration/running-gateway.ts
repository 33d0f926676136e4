import { loadConfig } from '../../src/config/load-config.ts';
import type { GatewayConfig } from '../../src/config/schema.ts';
import { mintToken } from '../../src/gateway/policy/mint-token.ts';
import { startGatewayServer } from '../../src/gateway/server.ts';
import type { GatewayServer, GatewayServerOptions } from '../../src/gateway/server.ts';
import { createLogger } from '../../src/shared/logger.ts';

export const testSecret = 'the secret of the tests, long enough for HS256';

export interface RunningGateway {
  server: GatewayServer;
  token: string;
  /** With the token unless the headers say otherwise. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Sends JSON, expects `status`, gives the JSON back. */
  json(method: string, path: string, status: number, body?: unknown): Promise<unknown>;
}

/** A gateway in this process on a free port, with authentication. */
export async function startGateway(
  dsn: string,
  over: Partial<GatewayConfig> = {},
  register: GatewayServerOptions['register'] = [],
): Promise<RunningGateway> {
  const config = { ...loadConfig({ port: '0' }, { DATABASE_URL: dsn, JWT_SECRET_KEY: testSecret }), ...over };
  const logger = createLogger('silent');
  const server = await startGatewayServer({ config, register, version: '0.0.0-test', logger });
  const token = await testToken();
  const request = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
    return fetch(new URL(path, server.url), { ...init, headers });
  };
  return {
    server,
    token,
    request,
    async json(method, path, status, body) {
      const response = await request(path, {
        method,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      const text = await response.text();
      if (response.status !== status) {
        throw new Error(`${method} ${path}: ${response.status} instead of ${status}: ${text}`);
      }
      return JSON.parse(text);
    },
  };
}

export function testToken(): Promise<string> {
  return mintToken({
    secret: testSecret,
    audience: 'mcpgateway-api',
    issuer: 'mcpgateway',
    subject: 'tester',
    lifetimeS: 600,
    nowMs: Date.now(),
  });
}

/** One modern MCP request, the shortest way to call a tool. */
export function toolCall(name: string, args: Record<string, unknown>): RequestInit {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: args, _meta: meta },
    }),
  };
}
