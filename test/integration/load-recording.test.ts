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
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

/** Counts what it is asked; makes items, each with an id that nobody can guess, and knows those only. */
class ItemServer implements AsyncDisposable {
  readonly counts = new Map<string, number>();
  readonly #ids = new Set<string>(['first-item-0001']);
  readonly #answers: Readonly<Record<string, unknown>>;
  readonly #server = createServer((request, response) => void this.#handle(request, response));

  /** `answers`: further pages by their path. */
  static async start(answers: Readonly<Record<string, unknown>> = {}): Promise<ItemServer> {
    const server = new ItemServer(answers);
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
    await using server = await ItemServer.start({ '/page': {} });
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
    await using server = await ItemServer.start({ '/page': {} });
    const file = await save('session.har', recording('https://production.example.com'));
    const printed = await gaugeway(['scenarios', '--har', file]);
    expect(printed).toMatchObject({ code: 0 });
    const edited = printed.stdout.replace('GET /page', 'GET /page?edited=1');
    const yaml = await save('session.yaml', edited);
    const { counted, failed } = await load(['--scenario', yaml, '--target', server.url]);
    expect({ counted, failed }).toMatchObject({ counted: { 'GET /page?edited=1': 21 }, failed: 0 });
    expect(server.counts.get('DELETE /items/ID')).toBe(21);
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
