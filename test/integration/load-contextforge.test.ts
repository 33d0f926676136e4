import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { builtIn, createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { contextForge, startContextForge } from '../support/contextforge.ts';
import type { RunningContextForge } from '../support/contextforge.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { title } from '../support/requires.ts';

describe.skipIf(contextForge.missing)(title('a base URL of ContextForge', contextForge), () => {
  let gateway: RunningContextForge;
  let upstream: CountingMcpServer;

  beforeAll(async () => {
    upstream = await CountingMcpServer.start({ tools: [{ name: 'echo' }, { name: 'other' }] });
    gateway = await startContextForge(contextForge.path ?? '');
    await gateway.post('/gateways', { name: 'fix', url: `${upstream.url}/mcp`, transport: 'STREAMABLEHTTP' });
    const tools = await fetch(`${gateway.url}/tools`, {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    const listed: { id: string; originalName: string }[] = JSON.parse(await tools.text());
    const echo = listed.filter(({ originalName }) => originalName === 'echo').map(({ id }) => id);
    await gateway.post('/servers', { server: { name: 'only-echo', associated_tools: echo } });
  }, 180_000);

  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  /** Two users with a few tasks each, to their end. */
  async function run(settings: Partial<LoadPlan>) {
    const statistics = new LoadStatistics();
    const load = startLoad(
      createLoadPlan({
        targetUrl: gateway.url,
        token: gateway.token,
        users: 2,
        iterationsPerUser: 4,
        wait: { kind: 'constant', ms: 0 },
        ...settings,
      }),
      { logger: createLogger('silent'), onSample: (sample, atMs) => statistics.add(sample, atMs) },
    );
    const summary = await load.planned;
    await load.finished;
    return { statistics, summary };
  }

  it('is asked for its tools, which reach the server behind it as often as they are counted', async () => {
    const before = upstream.count('tools/call echo') + upstream.count('tools/call other');
    const { statistics, summary } = await run({ scenarios: [builtIn('mcp-tools')] });
    expect(statistics.failures).toEqual([]);
    expect(summary.endpoint).toBe(`${gateway.url}/mcp`);
    const counted = statistics.requestsOf('tools/call').requests;
    expect(counted).toBe(8);
    // One trial of each tool before the load.
    const after = upstream.count('tools/call echo') + upstream.count('tools/call other');
    expect(after - before).toBe(counted + 2);
  });

  it('is asked for the tools of one virtual server only', async () => {
    const { statistics, summary } = await run({ scenarios: [builtIn('mcp-tools')], server: 'only-echo' });
    expect(statistics.failures).toEqual([]);
    expect(summary.tasks.map(({ name }) => name)).toEqual(['tools/call fix-echo']);
    expect(summary.endpoint).toMatch(/\/servers\/[0-9a-f]+\/mcp$/);
  });

  test('speaks JSON-RPC at /rpc', async () => {
    const { statistics } = await run({ scenarios: [builtIn('mcp-tools')], targetUrl: `${gateway.url}/rpc` });
    expect(statistics.failures).toEqual([]);
    expect(statistics.requestsOf('tools/call').requests).toBe(8);
  });

  test("shows every page of the guide's mix", async () => {
    const { weight, scenario } = builtIn('realistic');
    const impatient = { ...scenario, wait: { kind: 'constant', ms: 0 } } as const;
    const { statistics, summary } = await run({
      scenarios: [{ weight, scenario: impatient }],
      iterationsPerUser: 20,
    });
    expect(summary.leftOut).toEqual([]);
    expect(summary.tasks.map(({ name }) => name)).toContain('GET /admin/');
    expect(statistics.failures).toEqual([]);
    expect(statistics.total.requests).toBe(40);
  });
});
