import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { builtIn, createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan, LoadPlanSummary } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import type { LoadSample } from '../../src/lab/timeline/samples.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import type { CountingMcpServerOptions } from '../support/counting-mcp-server.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

const logger = createLogger('silent');
const quick: Partial<LoadPlan> = {
  users: 4,
  spawnRate: 1000,
  wait: { kind: 'constant', ms: 0 },
  scenarios: [builtIn('mcp-tools')],
};
/** initialize, notifications/initialized, tools/list, one trial call and DELETE. */
const requestsBeforeTheLoad = 5;

interface Outcome {
  statistics: LoadStatistics;
  summary: LoadPlanSummary;
  samples: LoadSample[];
}

/** Runs a plan with a fixed number of tasks per user to its end. */
async function runToEnd(targetUrl: string, plan: Partial<LoadPlan>): Promise<Outcome> {
  const statistics = new LoadStatistics();
  const samples: LoadSample[] = [];
  const load = startLoad(createLoadPlan({ iterationsPerUser: 10, ...quick, ...plan, targetUrl }), {
    onSample: (sample, atMs) => {
      statistics.add(sample, atMs);
      samples.push(sample);
    },
    logger,
  });
  const summary = await load.planned;
  await load.finished;
  return { statistics, summary, samples };
}

function failuresOf({ statistics }: Outcome, name: string): Record<string, number> {
  return statistics.byName.find((row) => row.name === name)?.failuresByKind ?? {};
}

function requestsOf({ statistics }: Outcome): Record<string, number> {
  return Object.fromEntries(statistics.byName.map(({ name, requests }) => [name, requests]));
}

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

type Answer = NonNullable<CountingMcpServerOptions['onCall']>;

const answer =
  (body: (id: unknown) => unknown, status = 200, contentType = 'application/json'): Answer =>
  (_tool, _call, response, id) => {
    const value = body(id);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    response.writeHead(status, { 'content-type': contentType }).end(text);
    return true;
  };

/** Tools that fail in one way each, once the trial before the load is over; and what that way is called. */
const faults: Record<string, { kind: string; answer: Answer }> = {
  refusing: {
    kind: 'isError',
    answer: answer((id) => ({ jsonrpc: '2.0', id, result: { isError: true, content: [] } })),
  },
  broken: {
    kind: 'json-rpc -32603',
    answer: answer((id) => ({ jsonrpc: '2.0', id, error: { code: -32603, message: 'no' } })),
  },
  listing: { kind: 'malformed answer', answer: answer(() => ['not', 'a', 'response']) },
  mistaken: {
    kind: 'malformed answer',
    answer: answer(() => ({ jsonrpc: '2.0', id: 'of another request', result: {} })),
  },
  empty: { kind: 'malformed answer', answer: answer((id) => ({ jsonrpc: '2.0', id })) },
  page: { kind: 'malformed answer', answer: answer(() => '<html>', 200, 'text/html') },
  silent: { kind: 'malformed answer', answer: answer(() => ': nothing\n\n', 200, 'text/event-stream') },
  overloaded: { kind: 'http 503', answer: answer(() => ({}), 503) },
  moved: { kind: 'http 302', answer: answer(() => ({}), 302) },
  strict: {
    kind: 'http 400 json-rpc -32020',
    answer: answer((id) => ({ jsonrpc: '2.0', id, error: { code: -32020, message: '' } }), 400),
  },
  crashing: {
    kind: 'connection closed',
    answer: (_tool, _call, response) => {
      response.destroy();
      return true;
    },
  },
};

describe('failures are counted under their own names', () => {
  it('each with its kind, and nothing else', async () => {
    await using server = await CountingMcpServer.start({
      tools: Object.keys(faults).map((name) => ({ name })),
      onCall: (tool, call, response, id) =>
        call === 1 ? undefined : faults[tool]?.answer(tool, call, response, id),
    });
    const outcome = await runToEnd(server.url, { iterationsPerUser: 50 });
    const requests = requestsOf(outcome);
    const calls = Object.keys(faults).map((tool) => `tools/call ${tool}`);
    expect(calls.reduce((sum, name) => sum + (requests[name] ?? 0), 0)).toBe(4 * 50);
    for (const [tool, { kind }] of Object.entries(faults)) {
      const name = `tools/call ${tool}`;
      expect([tool, failuresOf(outcome, name)]).toEqual([tool, { [kind]: requests[name] }]);
    }
    expect(outcome.statistics.total.failures).toBe(4 * 50);
  });

  it('timeout: no answer within the time allowed', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call) => (call === 1 ? undefined : true),
    });
    const outcome = await runToEnd(server.url, { users: 1, requestTimeoutMs: 2_000, iterationsPerUser: 1 });
    expect(failuresOf(outcome, 'tools/call echo')).toEqual({ timeout: 1 });
    const row = outcome.statistics.byName.find(({ name }) => name === 'tools/call echo');
    expect(row?.minMs).toBeGreaterThanOrEqual(2_000);
  });

  it('http 404 session not found: the user opens a new session and goes on', async () => {
    await using server = await CountingMcpServer.start({ callsPerSession: 4 });
    const outcome = await runToEnd(server.url, { users: 1, iterationsPerUser: 10 });
    expect(failuresOf(outcome, 'tools/call echo')).toEqual({ 'http 404 session not found': 2 });
    expect(requestsOf(outcome)).toMatchObject({ initialize: 2, 'tools/call echo': 10 });
  });

  it('connect ECONNREFUSED: the target goes away in the middle of the load', async () => {
    const server = await CountingMcpServer.start();
    const statistics = new LoadStatistics();
    const load = startLoad(
      createLoadPlan({ ...quick, targetUrl: server.url, wait: { kind: 'between', minMs: 5, maxMs: 10 } }),
      {
        onSample: (sample, atMs) => statistics.add(sample, atMs),
        logger,
      },
    );
    await load.ramped;
    await server[Symbol.asyncDispose]();
    await expect
      .poll(() => statistics.failures.map(({ kind }) => kind), patience)
      .toContain('connect ECONNREFUSED');
    await load.stop();
    await load.finished;
  });
});

describe('a target that cannot be used', () => {
  it('ends the load with one line that says why', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    closed.close();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const load = startLoad(createLoadPlan({ ...quick, targetUrl: `http://127.0.0.1:${port}` }), {
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
    const load = startLoad(createLoadPlan({ ...quick, targetUrl: server.url, users: 2 }), {
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
    expect(isAlive(load.pid)).toBe(false);
  });

  it('cuts off what does not finish in time, and counts it nowhere', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call) => (call === 1 ? undefined : true),
    });
    const statistics = new LoadStatistics();
    const load = startLoad(createLoadPlan({ ...quick, targetUrl: server.url }), {
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
    const load = startLoad(createLoadPlan({ ...quick, targetUrl: server.url }), {
      onSample: () => undefined,
      logger,
      signal: controller.signal,
    });
    if (hangs) await expect.poll(() => server.count('tools/call echo'), patience).toBe(1);
    if (when === 'while users run') await load.ramped;
    controller.abort();
    await load.finished;
    expect(isAlive(load.pid)).toBe(false);
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
      console.log(load.pid);`;
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
      createLoadPlan({ ...quick, targetUrl: server.url, wait: { kind: 'between', minMs: 5, maxMs: 10 } }),
      {
        onSample: () => undefined,
        logger,
      },
    );
    await load.ramped;
    process.kill(load.pid, 'SIGKILL');
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
