import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { builtIn, createLoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { quickPlan, requestsOf, runToEnd } from '../support/run-load.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

const logger = createLogger('silent');
/** initialize, notifications/initialized, tools/list, one trial call and DELETE. */
const requestsBeforeTheLoad = 5;

function sourceUrl(file: string): string {
  return JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
}

describe.each([
  { era: 'legacy', sse: false },
  { era: 'legacy', sse: true },
  { era: 'modern', sse: false },
  { era: 'modern', sse: true },
] as const)('MCP users ($era, event streams: $sse)', ({ era, sse }) => {
  it('send exactly what is counted, on sessions that they end', async () => {
    await using server = await CountingMcpServer.start({ sse });
    const outcome = await runToEnd(server.url, { era });
    const handshake =
      era === 'legacy'
        ? { initialize: 4, 'notifications/initialized': 4, 'DELETE session': 4 }
        : { 'server/discover': 4 };
    expect(requestsOf(outcome)).toEqual({ ...handshake, 'tools/call echo': 40 });
    expect(outcome.statistics.total.failures).toBe(0);
    // One more: the trial before the load, which is in no figure.
    expect(server.count('tools/call echo')).toBe(41);
    expect(server.openSessions).toBe(0);
    expect(outcome.summary.protocolVersion).toBe(era === 'legacy' ? '2025-11-25' : '2026-07-28');
  });
});

describe('the mix', () => {
  it('lists the tools first and spreads the tasks by their weights', async () => {
    await using server = await CountingMcpServer.start({ health: 200 });
    const outcome = await runToEnd(server.url, { scenarios: [builtIn('mcp-mixed')], iterationsPerUser: 100 });
    const { initialize, 'DELETE session': deleted, ...tasks } = requestsOf(outcome);
    expect([initialize, deleted]).toEqual([4, 4]);
    expect(Object.keys(tasks).toSorted()).toEqual([
      'GET /health',
      'notifications/initialized',
      'ping',
      'tools/call echo',
      'tools/list',
    ]);
    const drawn = outcome.statistics.total.requests - 4 * 4;
    expect(drawn).toBe(400);
    expect(tasks['tools/call echo']).toBeGreaterThan(300);
  });

  it('draws the same tasks and arguments again with the same seed', async () => {
    const runs = [];
    for (const seed of [7, 7, 8]) {
      await using server = await CountingMcpServer.start({ health: 200 });
      const outcome = await runToEnd(server.url, {
        scenarios: [builtIn('mcp-mixed')],
        users: 1,
        iterationsPerUser: 60,
        seed,
      });
      runs.push(JSON.stringify([requestsOf(outcome), server.argumentsSeen]));
    }
    expect(runs[0]).toBe(runs[1]);
    expect(runs[0]).not.toBe(runs[2]);
  });

  it('leaves out what cannot be asked fairly, and says why', async () => {
    await using server = await CountingMcpServer.start({
      tools: [
        { name: 'echo' },
        { name: 'fail' },
        { name: 'slow' },
        {
          name: 'coded',
          inputSchema: {
            type: 'object',
            properties: { code: { pattern: '^[A-Z]{3}$' } },
            required: ['code'],
          },
        },
        { name: 'picky' },
      ],
      onCall: (tool, _call, response, id) => {
        if (tool !== 'picky') return undefined;
        const error = { code: -32602, message: 'unknown customer' };
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ jsonrpc: '2.0', id, error }));
        return true;
      },
    });
    const { summary, statistics } = await runToEnd(server.url, {
      scenarios: [builtIn('mcp-mixed')],
      era: 'modern',
    });
    expect(Object.fromEntries(summary.leftOut.map(({ name, reason }) => [name, reason]))).toEqual({
      fail: 'by its name it fails on purpose',
      slow: 'by its name it waits as long as it is told',
      coded: 'code: `pattern` is not supported',
      picky: 'a trial call with made-up arguments gave json-rpc -32602: unknown customer',
      ping: 'is not part of MCP 2026-07-28',
      'GET /health': 'the target has no such thing (http 404)',
    });
    expect(statistics.total.failures).toBe(0);
  });
});

describe('a target that cannot be used', () => {
  it('ends the load with one line that says why', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    closed.close();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const load = startLoad(createLoadPlan({ ...quickPlan, targetUrl: `http://127.0.0.1:${port}` }), {
      onSample: () => undefined,
      logger,
    });
    await expect(load.finished).rejects.toMatchObject({
      code: 'source_unreadable',
      message: `http://127.0.0.1:${port}: initialize failed before the load began: connect ECONNREFUSED`,
    });
  });

  it('is told apart from one without a tool that can be called', async () => {
    await using server = await CountingMcpServer.start({ tools: [{ name: 'fail' }] });
    await expect(runToEnd(server.url, {})).rejects.toMatchObject({
      code: 'usage',
      message: `nothing of mcp-tools can be asked of ${server.url}: fail (by its name it fails on purpose)`,
    });
  });
});

describe('while it runs', () => {
  it('grows and shrinks, and a stop lets requests in flight finish', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call, response, id) => {
        if (call === 1) return undefined;
        const result = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } });
        setTimeout(() => response.setHeader('content-type', 'application/json').end(result), 300);
        return true;
      },
    });
    const statistics = new LoadStatistics();
    const load = startLoad(createLoadPlan({ ...quickPlan, targetUrl: server.url, users: 2 }), {
      onSample: (sample, atMs) => statistics.add(sample, atMs),
      logger,
    });
    await load.ramped;
    await expect.poll(() => statistics.users, patience).toBe(2);
    load.setUsers(6, 1000);
    await expect.poll(() => statistics.users, patience).toBe(6);
    expect(server.maxInFlight).toBeLessThanOrEqual(6);
    load.setUsers(1, 1000);
    await expect.poll(() => statistics.users, patience).toBe(1);
    await load.stop();
    await load.finished;
    expect(statistics.total.failures).toBe(0);
    expect(statistics.total.requests + requestsBeforeTheLoad).toBe(
      [...server.counts.values()].reduce((sum, count) => sum + count, 0),
    );
    expect(load.pids.map(isAlive)).toEqual([false]);
  });

  it('cuts off what does not finish in time, and counts it nowhere', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call) => (call === 1 ? undefined : true),
    });
    const statistics = new LoadStatistics();
    const load = startLoad(createLoadPlan({ ...quickPlan, targetUrl: server.url }), {
      onSample: (sample, atMs) => statistics.add(sample, atMs),
      logger,
    });
    await expect.poll(() => server.count('tools/call echo'), patience).toBe(5);
    await load.stop(50);
    expect(statistics.failures).toEqual([]);
    expect(statistics.byName.map(({ name }) => name)).not.toContain('tools/call echo');
  });

  it.each(['at once', 'while it asks for the tools', 'while users run'])('is aborted %s', async (when) => {
    const hangs = when === 'while it asks for the tools';
    await using server = await CountingMcpServer.start({ onCall: () => (hangs ? true : undefined) });
    const controller = new AbortController();
    if (when === 'at once') controller.abort();
    const load = startLoad(createLoadPlan({ ...quickPlan, targetUrl: server.url }), {
      onSample: () => undefined,
      logger,
      signal: controller.signal,
    });
    if (hangs) await expect.poll(() => server.count('tools/call echo'), patience).toBe(1);
    if (when === 'while users run') await load.ramped;
    controller.abort();
    await load.finished;
    expect(load.pids.map(isAlive)).toEqual([false]);
  });

  it('ends with the process that started it, however that one ends', async () => {
    await using server = await CountingMcpServer.start();
    const script = `
      import { startLoad } from ${sourceUrl('lab/load/load-process.ts')};
      import { createLoadPlan } from ${sourceUrl('lab/load/load-plan.ts')};
      import { createLogger } from ${sourceUrl('shared/logger.ts')};
      const plan = createLoadPlan({ targetUrl: ${JSON.stringify(server.url)}, users: 2 });
      const load = startLoad(plan, { onSample() {}, logger: createLogger('silent') });
      await load.planned;
      console.log(load.pids[0]);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: parent.stdout }), 'line');
    const generatorPid = Number(line);
    expect(isAlive(generatorPid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(generatorPid), patience).toBe(false);
  });

  it('tells when the generator dies', async () => {
    await using server = await CountingMcpServer.start();
    const load = startLoad(
      createLoadPlan({ ...quickPlan, targetUrl: server.url, wait: { kind: 'between', minMs: 5, maxMs: 10 } }),
      {
        onSample: () => undefined,
        logger,
      },
    );
    await load.ramped;
    const [pid = NaN] = load.pids;
    process.kill(pid, 'SIGKILL');
    await expect(load.finished).rejects.toThrow('the load generator died (SIGKILL)');
  });
});

describe('the generator about itself', () => {
  it('counts planned starts and reports its own CPU, memory and delay', async () => {
    await using server = await CountingMcpServer.start();
    const { samples } = await runToEnd(server.url, { wait: { kind: 'between', minMs: 1, maxMs: 3 } });
    const planned = samples.reduce((sum, { generator }) => sum + generator.plannedStarts, 0);
    // Four users: each has its place in the ramp and a pause before each of ten calls.
    expect(planned).toBe(4 + 4 * 10);
    for (const { generator } of samples) {
      expect(generator.rssBytes).toBeGreaterThan(1e6);
      expect(generator.cpuPercent).toBeGreaterThan(0);
      expect(generator.eventLoopDelayP99Ms).toBeGreaterThanOrEqual(0);
    }
  });
});
