import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { builtIn, createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoad } from '../../src/lab/load/load-process.ts';
import type { LoadHandle } from '../../src/lab/load/load-process.ts';
import { LoadStatistics } from '../../src/lab/load/load-statistics.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { startQuickLoad } from '../support/run-load.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

function start(targetUrl: string, plan: Partial<LoadPlan>): { load: LoadHandle; statistics: LoadStatistics } {
  const statistics = new LoadStatistics();
  const load = startLoad(
    createLoadPlan({ users: 3, spawnRate: 1000, scenarios: [builtIn('mcp-tools')], ...plan, targetUrl }),
    { onSample: (sample, atMs) => statistics.add(sample, atMs), logger: createLogger('silent') },
  );
  return { load, statistics };
}

/** Arrivals at `ratePerS` for as long as it takes to hold `count` of them. */
function arrivals(count: number, ratePerS: number, maxUsers: number): LoadPlan['executor'] {
  const stages = [{ durationMs: (count * 1000) / ratePerS, ratePerS }];
  return { kind: 'ramping-arrival-rate', startRatePerS: ratePerS, stages, maxUsers };
}

function requestsOf(statistics: LoadStatistics, name: string): number {
  return statistics.byName.find((row) => row.name === name)?.requests ?? 0;
}

function answer(response: ServerResponse, id: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } }));
}

describe('the open model', () => {
  it('sends each arrival once, and ends with its stages and without a session left', async () => {
    await using server = await CountingMcpServer.start();
    const { load, statistics } = start(server.url, { executor: arrivals(60, 100, 60) });
    await load.ramped;
    await load.finished;
    expect(statistics.arrivals).toMatchObject({ planned: 60, dropped: 0 });
    // One more: the trial before the load, which is in no figure.
    expect([requestsOf(statistics, 'tools/call echo'), server.count('tools/call echo')]).toEqual([60, 61]);
    expect(requestsOf(statistics, 'initialize')).toBe(server.count('initialize') - 1);
    expect(statistics.total.failures).toBe(0);
    expect(server.openSessions).toBe(0);
  });

  it('asks a target that hangs no less, and drops what finds every user busy', async () => {
    const held: (() => void)[] = [];
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call, response, id) => {
        if (call === 1) return undefined;
        held.push(() => answer(response, id));
        return true;
      },
    });
    const { load, statistics } = start(server.url, { users: 2, executor: arrivals(20, 50, 4) });
    await expect.poll(() => statistics.arrivals, patience).toMatchObject({ planned: 20, dropped: 16 });
    await expect.poll(() => held.length, patience).toBe(4);
    for (const release of held) release();
    await load.finished;
    expect(requestsOf(statistics, 'tools/call echo')).toBe(4);
    expect(requestsOf(statistics, 'initialize')).toBe(4);
  });

  it('counts from the arrival what could not be sent in time, and tells it from the target’s own time', async () => {
    await using server = await CountingMcpServer.start();
    const { load, statistics } = start(server.url, { executor: arrivals(200, 50, 200) });
    // The schedule has begun; before its first arrival a stop would only move its beginning.
    await expect
      .poll(() => server.count('tools/call echo'), { ...patience, interval: 20 })
      .toBeGreaterThan(5);
    const [pid = NaN] = load.pids;
    process.kill(pid, 'SIGSTOP');
    await sleep(1000);
    process.kill(pid, 'SIGCONT');
    await load.finished;
    const { total, arrivals: counted } = statistics;
    expect(counted).toMatchObject({ planned: 200, dropped: 0 });
    expect(counted?.late).toBeGreaterThan(0);
    expect(requestsOf(statistics, 'tools/call echo')).toBe(200);
    expect(total.maxMs).toBeGreaterThan(900);
    expect(total.service?.meanMs).toBeLessThan(total.meanMs);
  });

  it('goes on at a constant rate until it is stopped, and then counts what it sent', async () => {
    await using server = await CountingMcpServer.start();
    const executor = { kind: 'constant-arrival-rate', ratePerS: 50, maxUsers: 500 } as const;
    const { load, statistics } = start(server.url, { executor });
    await expect.poll(() => requestsOf(statistics, 'tools/call echo'), patience).toBeGreaterThan(20);
    await load.stop();
    await load.finished;
    expect(requestsOf(statistics, 'tools/call echo')).toBe(server.count('tools/call echo') - 1);
    expect(statistics.total.failures).toBe(0);
    expect(server.openSessions).toBe(0);
  });

  it('opens a new session for the arrival that finds its user without one', async () => {
    await using server = await CountingMcpServer.start({ callsPerSession: 5 });
    const { load, statistics } = start(server.url, { users: 1, executor: arrivals(24, 100, 1) });
    await load.finished;
    const sent = requestsOf(statistics, 'tools/call echo');
    expect(sent + (statistics.arrivals?.dropped ?? 0)).toBe(24);
    // A session knows five calls and answers 404 to the sixth; the user opens the next one when a task arrives for it.
    expect(requestsOf(statistics, 'initialize')).toBe(Math.ceil(sent / 6));
    const lost = statistics.byName.find(({ name }) => name === 'tools/call echo');
    expect(lost?.failuresByKind['http 404 session not found'] ?? 0).toBe(Math.floor(sent / 6));
    expect(lost?.failures).toBe(Math.floor(sent / 6));
    // A session that its fifth call used up cannot be ended any more.
    const notEnded = statistics.byName.find(({ name }) => name === 'DELETE session')?.failures ?? 0;
    expect(notEnded).toBe(sent % 6 === 5 ? 1 : 0);
  });
});

describe('stages of users', () => {
  it.each([1, 2])(
    'are each reached by %d processes, and the load ends after the last one',
    async (processes) => {
      await using server = await CountingMcpServer.start();
      const stages = [
        { durationMs: 100, users: 3 },
        { durationMs: 2500, users: 3 },
        { durationMs: 100, users: 7 },
        { durationMs: 2500, users: 7 },
        { durationMs: 100, users: 1 },
      ];
      const { load, samples, statistics } = startQuickLoad(server.url, {
        users: 7,
        executor: { kind: 'staged-users', stages },
        wait: { kind: 'constant', ms: 100 },
        processes,
      });
      await load.finished;
      const levels = samples.map(({ users }) => users);
      expect(levels).toEqual(expect.arrayContaining([3, 7]));
      expect(Math.max(...levels)).toBe(7);
      expect(requestsOf(statistics, 'initialize')).toBe(7);
      expect(requestsOf(statistics, 'DELETE session')).toBe(7);
      expect(requestsOf(statistics, 'tools/call echo')).toBe(server.count('tools/call echo') - 1);
      expect(server.openSessions).toBe(0);
    },
  );
});

describe('the stop timeout of a plan', () => {
  it.each([
    { what: 'lets a slow answer finish, which is counted', stopTimeoutMs: 20_000, counted: 2 },
    { what: 'cuts a slow answer off, which is counted nowhere', stopTimeoutMs: 10, counted: 0 },
  ])('$what', async ({ stopTimeoutMs, counted }) => {
    const held: (() => void)[] = [];
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call, response, id) => {
        if (call === 1) return undefined;
        held.push(() => answer(response, id));
        return true;
      },
    });
    const plan = { users: 2, wait: { kind: 'constant', ms: 0 }, stopTimeoutMs } as const;
    const { load, statistics } = start(server.url, plan);
    await expect.poll(() => [held.length, statistics.users], patience).toEqual([2, 2]);
    const stopped = load.stop();
    // Nobody is among the users any more: the generator has been told.
    await expect.poll(() => statistics.users, patience).toBe(0);
    for (const release of held) release();
    await stopped;
    expect(requestsOf(statistics, 'tools/call echo')).toBe(counted);
    expect(statistics.total.failures).toBe(0);
  });
});

describe('waits of the closed model', () => {
  it('keep the starts of tasks apart by the pace', async () => {
    const callsAtMs: number[] = [];
    await using server = await CountingMcpServer.start({
      onCall: () => {
        callsAtMs.push(performance.now());
        return undefined;
      },
    });
    const wait = { kind: 'constant-throughput', tasksPerS: 10 } as const;
    const { load } = start(server.url, { users: 1, iterationsPerUser: 6, wait });
    await load.finished;
    const [, first = NaN] = callsAtMs;
    expect(callsAtMs).toHaveLength(7);
    // Sending may take longer for the first than for the last, which brings them nearer; waiting less than half is wrong.
    expect((callsAtMs.at(-1) ?? NaN) - first).toBeGreaterThan(250);
  });

  it('are none where a task took longer than the pace', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, _call, response, id) => {
        setTimeout(() => answer(response, id), 60);
        return true;
      },
    });
    let planned = 0;
    const plan = { users: 1, iterationsPerUser: 5, wait: { kind: 'constant-pacing', ms: 30 } } as const;
    const load = startLoad(
      createLoadPlan({ ...plan, scenarios: [builtIn('mcp-tools')], targetUrl: server.url }),
      {
        onSample: ({ generator }) => (planned += generator.plannedStarts),
        logger: createLogger('silent'),
      },
    );
    await load.finished;
    // The place in the ramp; no task begins after a pause.
    expect(planned).toBe(1);
    expect(server.count('tools/call echo')).toBe(1 + 5);
  });
});
