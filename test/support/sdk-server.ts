import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import {
  createMcpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { z } from 'zod';

/** `sessions`: legacy with sessions. `legacy`, `dual`, `modern`: without, in the eras named. */
export type SdkServerKind = 'sessions' | 'dual' | 'modern';

export interface SdkServer extends AsyncDisposable {
  readonly url: string;
}

/** A server built with the official SDK, with the tools greet, progress and broken. */
export async function startSdkServer(kind: SdkServerKind): Promise<SdkServer> {
  const handle = await fetchHandler(kind);
  const server = createServer((req, res) => {
    serve(handle, req, res).catch((error: unknown) =>
      res.destroy(error instanceof Error ? error : undefined),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/mcp`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function fetchHandler(kind: SdkServerKind): Promise<(request: Request) => Promise<Response>> {
  if (kind === 'sessions') {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
    });
    await createSampleServer().connect(transport);
    return (request) => transport.handleRequest(request);
  }
  const handler = createMcpHandler(createSampleServer, { legacy: kind === 'dual' ? 'stateless' : 'reject' });
  return (request) => handler.fetch(request);
}

function createSampleServer(): McpServer {
  const server = new McpServer({ name: 'sample', version: '1.0.0' });
  const greeting = z.object({ name: z.string() });
  server.registerTool('greet', { description: 'Greets', inputSchema: greeting }, ({ name }) => ({
    content: [{ type: 'text', text: `hello ${name}` }],
  }));
  server.registerTool('progress', { description: 'Reports progress' }, async (context) => {
    const { progressToken } = context.mcpReq['_meta'] ?? {};
    for (const progress of progressToken === undefined ? [] : [1, 2, 3]) {
      const params = { progressToken: progressToken ?? '', progress, total: 3 };
      await context.mcpReq.notify({ method: 'notifications/progress', params });
    }
    return { content: [{ type: 'text', text: 'done' }] };
  });
  server.registerTool('broken', { description: 'Throws' }, () => {
    throw new Error('this tool is broken');
  });
  return server;
}

async function serve(
  handle: (request: Request) => Promise<Response>,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) headers.set(name, String(value));
  const body = req.method === 'POST' ? new Uint8Array(await buffer(req)) : null;
  const init = { method: req.method ?? 'GET', headers, body };
  const response = await handle(new Request(new URL(req.url ?? '/', 'http://127.0.0.1'), init));
  res.writeHead(response.status, Object.fromEntries(response.headers));
  res.flushHeaders();
  if (response.body === null) res.end();
  else await pipeline(Readable.fromWeb(response.body), res);
}
