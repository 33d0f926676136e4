import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { builtIn } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import { sleep } from '../../src/shared/clock.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { isAlive } from '../../src/stack/process-identity.ts';
import { CountingMcpServer } from '../support/counting-mcp-server.ts';
import { requestsOf, startQuickLoad } from '../support/run-load.ts';
import type { StartedLoad } from '../support/run-load.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 25_000 };

const start = (targetUrl: string, plan: Partial<LoadPlan>): StartedLoad =>
  startQuickLoad(targetUrl, { processes: 2, users: 5, ...plan });

describe('two generator processes', () => {
  it('send together what one would, ask the target what it has once, and count exactly what they sent', async () => {
    await using server = await CountingMcpServer.start();
    const running = start(server.url, { iterationsPerUser: 10, wait: { kind: 'constant', ms: 0 } });
    await running.load.planned;
    await running.load.finished;
    expect(requestsOf(running)).toEqual({
      initialize: 5,
      'notifications/initialized': 5,
      'tools/call echo': 50,
      'DELETE session': 5,
    });
    // The one that asks before the load, which is in no figure.
    expect(Object.fromEntries(server.counts)).toEqual({
      initialize: 6,
      'notifications/initialized': 6,
      'tools/list': 1,
      'tools/call echo': 51,
      DELETE: 6,
    });
    expect(running.statistics.total.failures).toBe(0);
    expect(new Set(running.load.pids).size).toBe(2);
    expect(running.load.pids.map(isAlive)).toEqual([false, false]);
  });

  it('draw for their users what one process draws for them', async () => {
    const drawn = [];
    for (const processes of [1, 2]) {
      await using server = await CountingMcpServer.start();
      const running = start(server.url, {
        processes,
        iterationsPerUser: 20,
        wait: { kind: 'constant', ms: 0 },
      });
      await running.load.finished;
      drawn.push(server.argumentsSeen.map((value) => JSON.stringify(value)).toSorted());
    }
    expect(drawn[0]).toHaveLength(101);
    expect(drawn[1]).toEqual(drawn[0]);
  });

  it('share the arrivals of one schedule', async () => {
    await using server = await CountingMcpServer.start();
    const stages = [{ durationMs: 610, ratePerS: 100 }];
    const running = start(server.url, {
      executor: { kind: 'ramping-arrival-rate', startRatePerS: 100, stages, maxUsers: 61 },
    });
    await running.load.ramped;
    await running.load.finished;
    expect(running.statistics.arrivals).toMatchObject({ planned: 61, dropped: 0 });
    expect([requestsOf(running)['tools/call echo'], server.count('tools/call echo')]).toEqual([61, 62]);
    expect(server.openSessions).toBe(0);
  });

  it('grow and shrink to the users asked for, and show each of themselves', async () => {
    await using server = await CountingMcpServer.start();
    const { load, statistics, samples } = start(server.url, { users: 3, wait: { kind: 'constant', ms: 20 } });
    await load.ramped;
    await expect.poll(() => statistics.users, patience).toBe(3);
    load.setUsers(8, 1000);
    await expect.poll(() => statistics.users, patience).toBe(8);
    const last = samples.at(-1)?.generators ?? [];
    expect(new Set(last.map(({ pid }) => pid))).toEqual(new Set(load.pids));
    expect(last.map(({ users }) => users)).toEqual([4, 4]);
    expect(last.every(({ rssBytes, cpuPercent }) => rssBytes > 1e6 && cpuPercent > 0)).toBe(true);
    load.setUsers(1, 1000);
    await expect.poll(() => statistics.users, patience).toBe(1);
    await load.stop();
    await load.finished;
    expect(server.openSessions).toBe(0);
  });
});

const worker = (users: number): unknown =>
  expect.objectContaining({
    id: expect.stringMatching(/^generator-\d+$/),
    user_count: users,
    state: 'running',
  });

describe('the page', () => {
  it('shows each generator process as a worker while a test runs', async () => {
    await using server = await CountingMcpServer.start();
    const page = await startLoadServer({
      port: 0,
      defaults: { scenarios: [builtIn('mcp-tools')], wait: { kind: 'constant', ms: 20 }, processes: 2 },
      defaultHost: server.url,
      allowRemote: false,
      logger: createLogger('silent'),
    });
    const get = async (path: string): Promise<unknown> => (await fetch(`${page.url}${path}`)).json();
    try {
      const body = new URLSearchParams({ user_count: '5', spawn_rate: '1000' });
      await fetch(`${page.url}/swarm`, { method: 'POST', body });
      await expect
        .poll(() => get('/stats/requests'), patience)
        .toMatchObject({ workers: [worker(3), worker(2)], worker_count: 2, user_count: 5 });
      expect(await get('/worker-count')).toEqual({ worker_count: 2 });
      await fetch(`${page.url}/stop`);
      expect(await get('/worker-count')).toEqual({ worker_count: 0 });
    } finally {
      await page.close();
    }
  });
});

describe('when one of two generator processes', () => {
  it('dies, the load ends with the reason, and the figures so far are kept', async () => {
    await using server = await CountingMcpServer.start();
    const { load, statistics } = start(server.url, { wait: { kind: 'constant', ms: 5 } });
    await expect.poll(() => statistics.total.requests, patience).toBeGreaterThan(20);
    const before = statistics.total.requests;
    const [, killed = NaN] = load.pids;
    process.kill(killed, 'SIGKILL');
    await expect(load.finished).rejects.toThrow(`load generator 2 of 2 (process ${killed}) died (SIGKILL)`);
    // The other one ended its users, and told of what they did until then.
    expect(statistics.total.requests).toBeGreaterThan(before);
    expect(load.pids.map(isAlive)).toEqual([false, false]);
  });

  it('is held up, the other one is heard, and nothing of either is lost', async () => {
    await using server = await CountingMcpServer.start();
    const running = start(server.url, { wait: { kind: 'constant', ms: 5 } });
    const { load, samples } = running;
    await load.ramped;
    const [, heldUp = NaN] = load.pids;
    process.kill(heldUp, 'SIGSTOP');
    const from = samples.length;
    await expect.poll(() => samples.length - from, patience).toBeGreaterThan(3);
    process.kill(heldUp, 'SIGCONT');
    await load.stop();
    await load.finished;
    expect(requestsOf(running)['tools/call echo']).toBe(server.count('tools/call echo') - 1);
  });
});

describe('a generator that is its own limit', () => {
  it('says which process it is, and why, when that one is starved', async () => {
    await using server = await CountingMcpServer.start();
    const { load, statistics } = start(server.url, { wait: { kind: 'constant', ms: 20 } });
    await load.ramped;
    const [, starved = NaN] = load.pids;
    const stalls = new AbortController();
    const starving = (async () => {
      while (!stalls.signal.aborted) {
        process.kill(starved, 'SIGSTOP');
        await sleep(300);
        process.kill(starved, 'SIGCONT');
        await sleep(100);
      }
    })();
    await expect.poll(() => statistics.currentGenerator.saturated, patience).toBe(true);
    stalls.abort();
    await starving;
    await load.stop();
    const { reasons } = statistics.generator;
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.every((reason) => reason.startsWith(`generator process ${starved} `))).toBe(true);
  });

  it('ends in time, marks its figures and names the sockets when it has no files left', async () => {
    await using server = await CountingMcpServer.start({
      onCall: (_tool, call, response, id) => {
        if (call === 1) return undefined;
        const body = JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } });
        setTimeout(() => response.setHeader('content-type', 'application/json').end(body), 200);
        return true;
      },
    });
    const flags = [
      '--users',
      '100',
      '--spawn-rate',
      '1000',
      '--think',
      '0',
      '--run-time',
      '4s',
      '--only-summary',
    ];
    const command = [
      process.execPath,
      main,
      'load',
      '--target',
      server.url,
      '--scenario',
      'mcp-tools',
      ...flags,
    ];
    // With the shell's limit, the command and its generator have some 60 files less than there are users.
    const child = spawn('sh', ['-c', 'ulimit -n 90; exec "$@"', 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect(child.exitCode).toBe(0);
    expect(stdout).toMatch(/Aggregated .*\d!/);
    expect(stdout).toMatch(/! The load generator was saturated/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /- generator process \d+ could not make [\d,]+ connections? for want of a file or a local port/,
    );
    expect(stdout).toContain('connect EMFILE');
  });
});
