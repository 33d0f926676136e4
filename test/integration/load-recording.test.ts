import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunDocument } from '../../src/lab/run-document.ts';
import { gaugeway } from '../support/command-line.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { harOf } from '../support/har.ts';
import { testDatabase } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { startGateway } from './running-gateway.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

/** Counts what it is asked; makes items, each with an id that nobody can guess, and knows those only. */
class UnguardedServer implements AsyncDisposable {
  readonly counts = new Map<string, number>();
  readonly #ids = new Set<string>(['first-item-0001']);
  readonly #answers: Readonly<Record<string, unknown>>;
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  /** `answers`: further pages by their path. */
  static async start(answers: Readonly<Record<string, unknown>> = {}): Promise<UnguardedServer> {
    const server = new UnguardedServer(answers);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(answers: Readonly<Record<string, unknown>>) {
    this.#answers = answers;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server does not listen');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    await text(request);
    const [, id] = /^\/items\/([^/]+)$/.exec(pathname) ?? [];
    const known = id !== undefined && this.#ids.has(id);
    const name = `${request.method} ${id === undefined ? pathname : known ? '/items/ID' : '/items/UNKNOWN'}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === '/forbidden') return answer(403, {});
    if (pathname === '/moved') return answer(307, {});
    if (pathname in this.#answers) return answer(200, this.#answers[pathname]);
    if (pathname === '/items' && request.method === 'GET') {
      return answer(
        200,
        [...this.#ids].slice(0, 1).map((each) => ({ id: each })),
      );
    }
    if (pathname === '/items' && request.method === 'POST') {
      const made = crypto.randomUUID();
      this.#ids.add(made);
      return answer(201, { item: { id: made } });
    }
    if (!known || id === undefined) return answer(404, {});
    if (request.method === 'DELETE') this.#ids.delete(id);
    answer(200, { id });
  }
}

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

async function save(name: string, content: unknown): Promise<string> {
  const file = join(folder.path, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Runs a load of `users` × `iterations` tasks; gives what it counted by name. */
async function load(
  args: string[],
): Promise<{ counted: Record<string, number>; failed: number; stderr: string }> {
  const quick = ['--users', '3', '--spawn-rate', '100', '--iterations', '7', '--think', '0', '--json'];
  const { code, stdout, stderr } = await gaugeway(['load', ...quick, ...args]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const figures: RunDocument['load'] = JSON.parse(stdout);
  const counted = Object.fromEntries(figures.byName.map(({ name, requests }) => [name, requests]));
  return { counted, failed: figures.failures, stderr };
}

describe('a load that was recorded', () => {
  const recordedId = '0b7c9f3e-1111-4222-8333-123456789abc';
  const recording = (origin: string) =>
    harOf([
      { url: `${origin}/page`, answer: '<html>', answerType: 'text/html' },
      { url: `${origin}/style.css`, answerType: 'text/css' },
      { method: 'POST', url: `${origin}/items`, body: { n: 1 }, answer: { item: { id: recordedId } } },
      { url: `${origin}/items/${recordedId}`, headers: { cookie: 'a=b' }, answer: { id: recordedId } },
      { method: 'DELETE', url: `${origin}/items/${recordedId}` },
      { url: `${origin}/items/${recordedId}`, status: 404 },
      { url: 'https://elsewhere.example.com/' },
    ]);

  it('asks the server what was recorded, with the ids of now', patience, async () => {
    await using server = await UnguardedServer.start({ '/page': {} });
    const file = await save('session.har', recording(server.url));
    const { counted, failed, stderr } = await load(['--har', file]);
    expect(failed).toBe(0);
    expect(counted).toEqual({
      'GET /page': 21,
      'POST /items': 21,
      'GET /items/:id': 42,
      'DELETE /items/:id': 21,
    });
    expect(Object.fromEntries(server.counts)).toEqual({
      'GET /page': 21,
      'POST /items': 21,
      'GET /items/ID': 21,
      'DELETE /items/ID': 21,
      'GET /items/UNKNOWN': 21,
    });
    expect(stderr).toContain('left out: GET /style.css (an asset; --har-assets keeps it)\n');
    expect(stderr).toContain('left out: https://elsewhere.example.com (another origin)\n');
    expect(stderr).toContain('left out: the header cookie (a secret, or of one session only)\n');
  });

  it('can go to another target than was recorded, and be printed and edited before', patience, async () => {
    await using server = await UnguardedServer.start({ '/page': {} });
    const file = await save('session.har', recording('https://production.example.com'));
    const printed = await gaugeway(['scenarios', '--har', file]);
    expect(printed).toMatchObject({ code: 0 });
    const edited = printed.stdout.replace('GET /page', 'GET /page?edited=1');
    const yaml = await save('session.yaml', edited);
    const { counted, failed } = await load(['--scenario', yaml, '--target', server.url]);
    expect({ counted, failed }).toMatchObject({ counted: { 'GET /page?edited=1': 21 }, failed: 0 });
    expect(server.counts.get('DELETE /items/ID')).toBe(21);
  });

  it('can be exported, and what is left out is told once', async () => {
    await using server = await UnguardedServer.start();
    const file = await save('session.har', recording(server.url));
    const args = ['load', 'export', '--engine', 'k6', '--target', server.url, '--har', file];
    const { code, stdout, stderr } = await gaugeway(args);
    expect(code).toBe(0);
    expect(stdout).toContain('"DELETE /items/:id"');
    expect(stderr.match(/^left out: GET \/style\.css/gm)).toHaveLength(1);
  });

  it('goes to no other machine by itself', async () => {
    const file = await save('session.har', recording('https://production.example.com'));
    const { code, stderr } = await gaugeway(['load', '--har', file]);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('production.example.com is not this machine'),
    });
  });

  it('speaks MCP where its user did', patience, async () => {
    await using server = await CountingMcpServer.start();
    const message = (method: string, params: unknown) => ({
      method: 'POST',
      url: `${server.url}/mcp`,
      body: { jsonrpc: '2.0', id: 1, method, params },
    });
    const file = await save(
      'mcp.har',
      harOf([
        message('initialize', { protocolVersion: '2025-11-25' }),
        message('tools/list', {}),
        message('tools/call', { name: 'echo', arguments: { message: 'as recorded' } }),
        { url: `${server.url}/health`, status: 404 },
      ]),
    );
    const { counted, failed } = await load(['--har', file]);
    expect(failed).toBe(0);
    expect(counted).toMatchObject({
      'tools/list': 21,
      'tools/call echo': 21,
      'GET /health': 21,
      initialize: 3,
    });
    // One session more is opened before the load, outside of its figures.
    expect(server.count('initialize')).toBe(4);
    expect(server.count('tools/call echo')).toBe(21);
    expect(server.argumentsSeen).toEqual(Array.from({ length: 21 }, () => ({ message: 'as recorded' })));
  });
});

describe('a load that an OpenAPI description names', () => {
  const item = { type: 'object', properties: { id: { type: 'string' } } };
  const description = {
    openapi: '3.1.0',
    info: { title: 'Items', version: '1' },
    paths: {
      '/page': { get: {} },
      '/items': {
        get: {
          responses: { 200: { content: { 'application/json': { schema: { type: 'array', items: item } } } } },
        },
        post: { requestBody: { content: { 'application/json': { example: { n: 1 } } } } },
      },
      '/items/{item_id}': { get: {}, delete: {} },
      '/no-longer-there': { get: {} },
      '/forbidden': { get: {} },
      '/moved': { get: {} },
      '/empty': { get: { responses: { 200: { content: { 'application/json': {} } } } } },
      '/empty/{id}': { get: {} },
    },
  };

  it('asks the server that serves it, and leaves out what that lacks', patience, async () => {
    await using server = await UnguardedServer.start({
      '/page': {},
      '/openapi.json': description,
      '/empty': [],
    });
    const { counted, failed, stderr } = await load(['--from-openapi', `${server.url}/openapi.json`]);
    expect(failed).toBe(0);
    expect(Object.keys(counted).toSorted()).toEqual([
      'GET /empty',
      'GET /items',
      'GET /items/{item_id}',
      'GET /page',
    ]);
    const seen = (name: string): number => server.counts.get(name) ?? 0;
    // Each of the optional tasks was tried once before the load, outside of its figures.
    expect(seen('GET /page')).toBe((counted['GET /page'] ?? 0) + 1);
    expect(seen('GET /items')).toBe((counted['GET /items'] ?? 0) + 2);
    expect(seen('GET /items/ID')).toBe((counted['GET /items/{item_id}'] ?? 0) + 1);
    expect(seen('GET /empty')).toBe((counted['GET /empty'] ?? 0) + 2);
    expect(seen('GET /no-longer-there')).toBe(1);
    expect(seen('GET /openapi.json')).toBe(1);
    expect(seen('POST /items')).toBe(0);
    expect(stderr).toContain('left out: GET /no-longer-there (the target has no such thing (http 404))');
    expect(stderr).toContain('left out: GET /forbidden (the target does not allow it (http 403))');
    expect(stderr).toContain('left out: GET /moved (the target sends it elsewhere (http 307))');
    expect(stderr).toContain('left out: GET /empty/{id} (the target has nothing to ask for (extract id))');
    expect(stderr).toContain('left out: operations of POST (--openapi-methods adds them)');
  });

  it('changes what its target holds when that was asked for', patience, async () => {
    await using server = await UnguardedServer.start({ '/page': {} });
    const file = await save('items.yaml', JSON.stringify(description));
    const methods = ['--openapi-methods', 'get,post', '--target', server.url];
    const { counted, failed } = await load(['--from-openapi', file, ...methods]);
    expect(failed).toBe(0);
    expect(server.counts.get('POST /items')).toBe((counted['POST /items'] ?? 0) + 1);
  });

  it('follows no redirect to its description', async () => {
    await using elsewhere = await UnguardedServer.start({ '/openapi.json': description });
    const redirecting = createServer((_request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/openapi.json` }).end();
    });
    redirecting.listen(0, '127.0.0.1');
    await once(redirecting, 'listening');
    const address = redirecting.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, stderr } = await gaugeway([
      'scenarios',
      '--from-openapi',
      `http://127.0.0.1:${port}/openapi.json`,
    ]);
    redirecting.close();
    expect({ code, stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`http 302: it is at ${elsewhere.url}`),
    });
    expect(elsewhere.counts.size).toBe(0);
  });

  it('is of the gateway itself', { timeout: 60_000 }, async () => {
    await using database = await testDatabase();
    const { server, token } = await startGateway(database.dsn);
    try {
      const args = ['--from-openapi', `${server.url}/openapi.json`, '--token', token];
      const { counted, failed, stderr } = await load(args);
      expect({ failed, stderr }).toMatchObject({ failed: 0 });
      expect(Object.keys(counted)).toEqual(expect.arrayContaining(['GET /health', 'GET /tools']));
      expect(Object.values(counted).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(21);
    } finally {
      await server.close();
    }
  });
});

describe('the target of a recording', () => {
  it('is the one that --host names', patience, async () => {
    await using server = await UnguardedServer.start();
    const elsewhere = 'http://127.0.0.1:9';
    const urls = [`${elsewhere}/a`, `${elsewhere}/b`, `${server.url}/items`];
    const har = await save('two.har', harOf(urls.map((url) => ({ url }))));
    const { counted } = await load(['--har', har, '--host', server.url]);
    expect(counted).toEqual({ 'GET /items': 21 });
    expect([...server.counts]).toEqual([['GET /items', 21]]);
  });

  it('is sent no token that was not meant for it', patience, async () => {
    const har = await save('remote.har', harOf([{ url: 'http://remote.invalid/a' }]));
    const args = ['load', '--har', har, '--allow-remote', '--token', 'a-token'];
    const { code, stderr } = await gaugeway([...args, '--users', '1', '--iterations', '1']);
    expect(code).toBe(2);
    expect(stderr).toContain('say --target http://remote.invalid');
  });
});
