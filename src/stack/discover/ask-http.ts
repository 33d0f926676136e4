import { request } from 'undici';
import { z } from 'zod';
import { outsideMessage } from '../../shared/outside-error.ts';
import { labAgentHeader } from '../../shared/lab-agent.ts';

const boundMs = 1000;
const maxAnswerBytes = 64 * 1024;

/** What a server on loopback answered. */
export interface HttpAnswer {
  /** It answers `GET /health` with a status below 300. */
  healthy: boolean;
  /** It speaks MCP at /mcp: `asks for a token`, or what it calls itself. */
  mcp?: { needsToken: true } | { needsToken: false; serverName: string };
  /** The `Server` header, e.g. `uvicorn`. */
  software?: string;
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'gaugeway-discover', version: '0' },
  },
};
const serverInfo = z.object({ result: z.object({ serverInfo: z.object({ name: z.string() }) }) });

/**
 * Asks a server for its health and, as an MCP client, for its name: two requests, a second each, and one that ends the
 * session which the second one began. Undefined when it does not speak HTTP.
 */
export async function askHttp(origin: string): Promise<HttpAnswer | undefined> {
  const health = await ask(`${origin}/health`, { method: 'GET' });
  if (health === undefined) return undefined;
  const answer = await ask(`${origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify(initialize),
  });
  const session = answer?.header('mcp-session-id');
  if (session !== undefined) {
    await ask(`${origin}/mcp`, { method: 'DELETE', headers: { 'mcp-session-id': session } });
  }
  const software = health.header('server');
  const mcp = answer === undefined ? undefined : mcpAnswer(answer);
  return {
    healthy: health.status < 300,
    ...(mcp === undefined ? {} : { mcp }),
    ...(software === undefined ? {} : { software }),
  };
}

interface Answer {
  status: number;
  text: string;
  header: (name: string) => string | undefined;
}

function mcpAnswer({ status, text, header }: Answer): HttpAnswer['mcp'] {
  if (status === 401 && /bearer/i.test(`${header('www-authenticate') ?? ''}${text}`))
    return { needsToken: true };
  const data = /^data: ?(\{.*)$/m.exec(text)?.[1] ?? text;
  try {
    const parsed = serverInfo.safeParse(JSON.parse(data));
    return parsed.success ? { needsToken: false, serverName: parsed.data.result.serverInfo.name } : undefined;
  } catch (error) {
    // It answered something else.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Undefined when nothing came that HTTP could be read from. A stream is read until it has an event. */
async function ask(
  url: string,
  options: { method: 'GET' | 'POST' | 'DELETE'; headers?: Record<string, string>; body?: string },
): Promise<Answer | undefined> {
  const signal = AbortSignal.timeout(boundMs);
  try {
    const { statusCode, headers, body } = await request(url, {
      ...options,
      headers: { ...labAgentHeader, ...options.headers },
      signal,
    });
    let text = '';
    try {
      for await (const chunk of body) {
        text += String(chunk);
        if (text.length > maxAnswerBytes || /^data:.*\n\n/ms.test(text)) break;
      }
    } catch (error) {
      // The head was in time; what came of the rest is enough.
      if (!signal.aborted) throw error;
    }
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    return { status: statusCode, text, header };
  } catch (error) {
    outsideMessage(error);
    return undefined;
  }
}
