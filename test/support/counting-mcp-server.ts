import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { LoopbackServer } from './loopback-server.ts';

type Json = Record<string, unknown>;

export interface CountingMcpServerOptions {
  tools?: { name: string; inputSchema?: Json }[];
  /** Answers with an event stream: a notification first, then the response. */
  sse?: boolean;
  /** A session knows this many tools/call, then it is gone (404). */
  callsPerSession?: number;
  /** Takes the place of a tool's answer; `undefined` answers as usual. The number counts calls of that tool from 1. */
  onCall?: (
    tool: string,
    call: number,
    response: ServerResponse,
    id: unknown,
    given: Json,
  ) => true | undefined;
  /** A free one by default. */
  port?: number;
  /**
   * Serves at most `atOnce` calls at a time, each for exactly `serviceMs`; the others queue. So no more than
   * `atOnce / serviceMs` calls are answered per millisecond, and that many while there is always one to serve.
   */
  concurrency?: { atOnce: number; serviceMs: number };
  /** Without it GET /health is 404. */
  health?: number;
  /** Answers POSTs at this path only, and redirects others to theirs with a slash, as Starlette does; any path without. */
  endpoint?: string;
  /** Virtual servers that GET /servers lists. */
  servers?: { id: string; name: string }[];
}

/** A small MCP server that counts what reached it, in both eras, to check a load generator's figures against. */
export class CountingMcpServer extends LoopbackServer {
  /** By method, `tools/call NAME`, `GET /path` or `DELETE`. */
  readonly counts = new Map<string, number>();
  readonly argumentsSeen: unknown[] = [];
  /** What requests say in their baggage of the run that they belong to. */
  readonly runIds = new Set<string>();
  /** `_meta` and HTTP headers of each tools/call. */
  readonly carriersSeen: { meta: Json; headers: IncomingHttpHeaders }[] = [];
  /** The most requests that were open at one time. */
  maxInFlight = 0;
  #inFlight = 0;
  /** When each place is free again, of those that were ever taken. */
  readonly #freeAtMs: number[] = [];
  readonly #options: CountingMcpServerOptions;
  readonly #sessions = new Map<string, number>();

  static start(options: CountingMcpServerOptions = {}): Promise<CountingMcpServer> {
    return new CountingMcpServer(options).listen(options.port);
  }

  private constructor(options: CountingMcpServerOptions) {
    super();
    this.#options = options;
  }

  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  get openSessions(): number {
    return this.#sessions.size;
  }

  #add(name: string): number {
    const count = this.count(name) + 1;
    this.counts.set(name, count);
    return count;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.#inFlight);
    response.on('close', () => (this.#inFlight -= 1));
    const sessionId = String(request.headers['mcp-session-id'] ?? '');
    const [, runId] = /gaugeway\.run_id=([^,]+)/.exec(String(request.headers['baggage'] ?? '')) ?? [];
    if (runId !== undefined) this.runIds.add(decodeURIComponent(runId));
    const { endpoint, servers } = this.#options;
    if (request.method !== 'GET' && endpoint !== undefined && request.url !== endpoint) {
      return void response.writeHead(307, { location: `${request.url}/` }).end();
    }
    if (request.url === '/servers' && servers !== undefined) {
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify(servers));
    }
    if (request.method === 'GET') {
      this.#add(`GET ${request.url ?? ''}`);
      response.writeHead(request.url === '/health' ? (this.#options.health ?? 404) : 404).end();
      return;
    }
    if (request.method === 'DELETE') {
      this.#add('DELETE');
      response.writeHead(this.#sessions.delete(sessionId) ? 204 : 404).end();
      return;
    }
    const message: Json = JSON.parse(await text(request));
    const { method, id } = message;
    const params = objectOf(message['params']);
    const modern = objectOf(params['_meta'])['io.modelcontextprotocol/protocolVersion'] === '2026-07-28';
    const name = method === 'tools/call' ? `tools/call ${String(params['name'])}` : String(method);
    const call = this.#add(name);
    if (method === 'initialize') {
      const minted = randomUUID();
      this.#sessions.set(minted, 0);
      response.setHeader('mcp-session-id', minted);
      const result = {
        protocolVersion: '2025-11-25',
        capabilities: {},
        serverInfo: { name: 'counting', version: '1' },
      };
      return this.#send(response, id, result);
    }
    if (method === 'server/discover') {
      return this.#send(response, id, {
        resultType: 'complete',
        supportedVersions: ['2026-07-28'],
        capabilities: {},
      });
    }
    const calls = this.#sessions.get(sessionId);
    if (modern) {
      if (request.headers['mcp-method'] !== method) return void response.writeHead(400).end();
      if (method === 'tools/call' && request.headers['mcp-name'] !== params['name']) {
        return void response.writeHead(400).end();
      }
    } else if (calls === undefined) {
      return void response.writeHead(404).end();
    }
    if (method === 'notifications/initialized') return void response.writeHead(202).end();
    if (method === 'ping') return this.#send(response, id, {});
    if (method === 'tools/list') return this.#send(response, id, { tools: this.#tools });
    this.argumentsSeen.push(params['arguments']);
    this.carriersSeen.push({ meta: objectOf(params['_meta']), headers: request.headers });
    if (calls !== undefined) {
      if (calls + 1 === this.#options.callsPerSession) this.#sessions.delete(sessionId);
      else this.#sessions.set(sessionId, calls + 1);
    }
    const given = objectOf(params['arguments']);
    if (this.#options.onCall?.(String(params['name']), call, response, id, given) === true) return;
    await this.#serviceEnds();
    this.#send(response, id, { content: [{ type: 'text', text: 'ok' }] });
  }

  /**
   * Each place counts from when it was meant to be free, not from when a timer fired: a slow machine then makes answers
   * late, but no fewer.
   */
  async #serviceEnds(): Promise<void> {
    if (this.#options.concurrency === undefined) return;
    const { atOnce, serviceMs } = this.#options.concurrency;
    const now = performance.now();
    this.#freeAtMs.sort((a, b) => a - b);
    const free = this.#freeAtMs.length < atOnce ? now : (this.#freeAtMs.shift() ?? now);
    const endMs = Math.max(now, free) + serviceMs;
    this.#freeAtMs.push(endMs);
    await wait(endMs - now);
  }

  get #tools(): Json[] {
    const tools = this.#options.tools ?? [{ name: 'echo', inputSchema: echoSchema }];
    return tools.map(({ name, inputSchema = { type: 'object' } }) => ({ name, inputSchema }));
  }

  #send(response: ServerResponse, id: unknown, result: Json): void {
    const body = JSON.stringify({ jsonrpc: '2.0', id, result });
    if (this.#options.sse !== true) {
      response.setHeader('content-type', 'application/json').end(body);
      return;
    }
    const notice = JSON.stringify({
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'info', data: 'é' },
    });
    response.setHeader('content-type', 'text/event-stream');
    response.write(`event: message\ndata: ${notice}\n\n`);
    response.end(`data: ${body}\n\n`);
  }
}

/** One set of arguments can be made of it, so that it is tried once before a load. */
export const echoSchema = {
  type: 'object',
  properties: { message: { type: 'string', examples: ['hello'] } },
  required: ['message'],
};

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
