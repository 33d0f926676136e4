import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseClientMessage } from '../protocol/client-message.ts';
import type { ClientMessage } from '../protocol/client-message.ts';
import { serverCodecFor } from '../protocol/codecs.ts';
import { errorMember, responseMessage } from '../protocol/json-rpc.ts';
import { methodSpec } from '../protocol/methods.ts';
import type { ServerCodec } from '../protocol/wire-codec.ts';
import { GaugewayError, errorTable } from '../shared/errors.ts';
import { sleep } from '../shared/clock.ts';
import { runTool, toolsJson } from './upstream-fixture/tools.ts';

export interface UpstreamFixtureOptions {
  /** 0 for a free one. */
  port: number;
  /** Address to bind; loopback unless told otherwise. */
  host?: string;
  /** Milliseconds that every tools/call takes longer. Default 0. */
  delayMs?: number;
}

export interface UpstreamFixture {
  /** The MCP endpoint. */
  readonly url: string;
  /** Drops every connection and stops listening. */
  close(): Promise<void>;
}

const serverInfo = { name: 'gaugeway-upstream-fixture', version: '1.0.0' };
const maxBodyBytes = 4 * 1024 * 1024;

/**
 * A sample MCP server, fast enough not to be what a load test measures: both eras, legacy with sessions, tools
 * echo, get_system_time, convert_time, slow and fail. Rejects when the port cannot be had.
 */
export async function startUpstreamFixture(options: UpstreamFixtureOptions): Promise<UpstreamFixture> {
  const { port, host = '127.0.0.1', delayMs = 0 } = options;
  const sessions = new Set<string>();
  const server = createServer((req, res) => {
    serve(req, res, sessions, delayMs).catch((error: unknown) => {
      res.destroy(error instanceof Error ? error : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}/mcp`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

async function serve(
  req: IncomingMessage,
  res: ServerResponse,
  sessions: Set<string>,
  delayMs: number,
): Promise<void> {
  let codec: ServerCodec | undefined;
  let idJson = 'null';
  try {
    if (req.url !== '/mcp') throw new GaugewayError('not_found', 'the endpoint is /mcp');
    if (req.method === 'DELETE') return endSession(req, res, sessions);
    if (req.method !== 'POST') throw new GaugewayError('method_not_allowed', 'use POST');
    const message = parseClientMessage(await readText(req));
    idJson = message.idJson;
    codec = serverCodecFor(req.headers, message);
    codec.validate(req.headers, message);
    if (codec.sessions && message.method !== 'initialize') requireSession(req, sessions);
    if (message.kind !== 'request') return void res.writeHead(202, { 'Content-Length': 0 }).end();
    const { json, sessionVersion } = await resultOf(codec, message, delayMs);
    const sessionId = sessionVersion === undefined ? undefined : randomUUID();
    if (sessionId !== undefined) sessions.add(sessionId);
    answer(res, 200, responseMessage(idJson, 'result', json), sessionId);
  } catch (error) {
    const code = error instanceof GaugewayError ? error.code : 'internal';
    const status = codec?.errorStatus(code) ?? errorTable[code].httpStatus;
    answer(res, status, responseMessage(idJson, 'error', errorMember(error)));
  }
}

async function resultOf(
  codec: ServerCodec,
  message: ClientMessage,
  delayMs: number,
): Promise<{ json: string; sessionVersion?: string }> {
  const served = methodSpec(codec.era, message.method)?.served;
  if (served === 'protocol') return codec.protocolResult(message, serverInfo);
  if (served === 'list') return { json: codec.listResult('tools', toolsJson, serverInfo) };
  if (delayMs > 0) await sleep(delayMs);
  return { json: codec.relayResult(await callTool(message)) };
}

async function callTool(message: ClientMessage): Promise<Parameters<ServerCodec['relayResult']>[0]> {
  const { params, text, idJson } = message;
  const given: Record<string, unknown> =
    params === undefined ? {} : JSON.parse(text.slice(params.start, params.end));
  const result = runTool(given['name'], given['arguments']);
  const settled = result instanceof Promise ? await result : result;
  return {
    kind: 'answer',
    idJson,
    member: 'result',
    json: JSON.stringify(settled),
    isError: settled.isError === true,
    resultTypeJson: undefined,
    error: undefined,
  };
}

function requireSession(req: IncomingMessage, sessions: ReadonlySet<string>): void {
  const id = req.headers['mcp-session-id'];
  if (id === undefined) throw new GaugewayError('invalid_request', 'Mcp-Session-Id is missing');
  if (typeof id !== 'string' || !sessions.has(id)) {
    throw new GaugewayError('session_not_found', 'this session is unknown or has ended');
  }
}

function endSession(req: IncomingMessage, res: ServerResponse, sessions: Set<string>): void {
  requireSession(req, sessions);
  sessions.delete(String(req.headers['mcp-session-id']));
  res.writeHead(204).end();
}

function readText(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    req.setEncoding('utf8');
    req.on('data', (chunk: string) => {
      if (text.length + chunk.length <= maxBodyBytes) text += chunk;
      else reject(new GaugewayError('body_too_large', `the body is over ${maxBodyBytes} bytes`));
    });
    req.on('end', () => resolve(text));
    req.on('error', reject);
  });
}

function answer(res: ServerResponse, status: number, json: string, sessionId?: string): void {
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(json),
    ...(sessionId === undefined ? undefined : { 'Mcp-Session-Id': sessionId }),
    ...(status === 413 ? { Connection: 'close' } : undefined),
  });
  res.end(json);
}
