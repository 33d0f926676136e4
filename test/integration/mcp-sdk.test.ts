import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ClientOptions } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import type { UpstreamFixture } from '../../src/stack/upstream-fixture.ts';
import { startDataPlane } from '../support/data-plane.ts';
import type { DataPlane } from '../support/data-plane.ts';
import { startSdkServer } from '../support/sdk-server.ts';
import type { SdkServer, SdkServerKind } from '../support/sdk-server.ts';

const clientModes: { era: string; options: ClientOptions }[] = [
  { era: 'legacy', options: { versionNegotiation: { mode: 'legacy' } } },
  { era: 'modern', options: { versionNegotiation: { mode: { pin: '2026-07-28' } } } },
];

async function connectClient(url: string, options: ClientOptions): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, options);
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

describe.each<{ kind: SdkServerKind; era: string }>([
  { kind: 'sessions', era: 'legacy' },
  { kind: 'dual', era: 'modern' },
  { kind: 'modern', era: 'modern' },
])('an upstream of the official SDK ($kind)', ({ kind, era }) => {
  let server: SdkServer;
  let plane: DataPlane;

  beforeAll(async () => {
    server = await startSdkServer(kind);
    plane = await startDataPlane({ upstreams: { sdk: server.url } });
  });
  afterAll(async () => {
    await plane[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test(`is found to be ${era}, with its tools`, () => {
    expect(plane.discoveries['sdk']).toMatchObject({ era, serverInfo: { name: 'sample' } });
    expect(plane.discoveries['sdk']?.tools.map(({ name }) => name)).toEqual(['greet', 'progress', 'broken']);
  });

  describe.each(clientModes)('through a $era client of the official SDK', ({ options }) => {
    let client: Client;

    beforeAll(async () => {
      client = await connectClient(plane.url, options);
    });
    afterAll(() => client.close());

    test('lists the tools with their schemas', async () => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(['sdk-broken', 'sdk-greet', 'sdk-progress']);
      expect(tools[1]?.inputSchema).toMatchObject({
        properties: { name: { type: 'string' } },
        required: ['name'],
      });
    });

    test('calls one', async () => {
      const result = await client.callTool({ name: 'sdk-greet', arguments: { name: 'world' } });
      expect(result.content).toEqual([{ type: 'text', text: 'hello world' }]);
    });

    test('is told the progress of its call', async () => {
      const seen: number[] = [];
      const result = await client.callTool(
        { name: 'sdk-progress', arguments: {} },
        { onprogress: ({ progress }) => void seen.push(progress) },
      );
      expect(result.content).toEqual([{ type: 'text', text: 'done' }]);
      expect(seen).toEqual([1, 2, 3]);
    });

    test('sees a tool fail, and wrong arguments refused', async () => {
      const failed = await client.callTool({ name: 'sdk-broken', arguments: {} });
      expect(failed).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('broken') }] });
      const refused = await client.callTool({ name: 'sdk-greet', arguments: { name: 1 } });
      expect(refused.isError).toBe(true);
    });

    test('is told that a tool does not exist', async () => {
      await expect(client.callTool({ name: 'sdk-nothing', arguments: {} })).rejects.toMatchObject({
        code: -32602,
      });
    });
  });
});

describe.each(clientModes)('a $era client of the official SDK', ({ options }) => {
  let fixture: UpstreamFixture;

  beforeAll(async () => {
    fixture = await startUpstreamFixture({ port: 0 });
  });
  afterAll(() => fixture.close());

  test('talks to the sample upstream without a gateway', async () => {
    const client = await connectClient(fixture.url, options);
    expect((await client.listTools()).tools).toHaveLength(5);
    const result = await client.callTool({ name: 'echo', arguments: { message: 'hi' } });
    expect(result.content).toEqual([{ type: 'text', text: 'hi' }]);
    await client.close();
  });
});
