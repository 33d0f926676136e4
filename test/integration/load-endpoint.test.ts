import { describe, expect, it, test } from 'vitest';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { ItemServer } from '../support/item-server.ts';
import { runScenarios as run, scenario } from '../support/run-scenarios.ts';

describe('the MCP endpoint', () => {
  const calls = scenario({ name: 'calls', tasks: [{ steps: [{ tool: '*' }] }] });

  test.each<[endpoint: string, target: string, server: string | undefined]>([
    ['/mcp', '', undefined],
    ['/mcp', '/', undefined],
    ['/mcp', '/mcp', undefined],
    ['/mcp/', '', undefined],
    ['/rpc', '', undefined],
    ['/rpc', '/rpc', undefined],
    ['/servers/a1/mcp', '/servers/a1/mcp', undefined],
    ['/servers/a1/mcp', '', 'all tools'],
    ['/servers/a1/mcp', '', 'a1'],
    ['/servers/a1/mcp/', '/mcp', 'all tools'],
  ])('is found at %s from the target %s and the virtual server %s', async (endpoint, target, server) => {
    const servers = [{ id: 'a1', name: 'all tools' }];
    await using mcp = await CountingMcpServer.start({ endpoint, servers });
    const { requests, failures, summary } = await run(mcp.url + target, [calls], {
      users: 1,
      ...(server === undefined ? {} : { server }),
    });
    expect(failures).toEqual({});
    expect(requests['tools/call echo']).toBe(5);
    expect(summary.endpoint).toBe(mcp.url + endpoint);
  });

  it('of a virtual server that there is not is refused with those that there are', async () => {
    await using mcp = await CountingMcpServer.start({ servers: [{ id: 'a1', name: 'all tools' }] });
    await expect(run(mcp.url, [calls], { server: 'mine' })).rejects.toThrow(
      "no virtual server 'mine': there are all tools",
    );
  });

  it('that is nowhere is told as the first place answered', async () => {
    await using server = await ItemServer.start();
    await expect(run(server.url, [calls])).rejects.toThrow(
      `${server.url}: initialize failed before the load began: http 404`,
    );
  });
});
