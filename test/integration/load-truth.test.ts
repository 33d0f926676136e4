import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { LoadEngine } from '../../src/lab/load/load-engine.ts';
import { createLoadPlan } from '../../src/lab/load/load-plan.ts';
import type { LoadPlan } from '../../src/lab/load/load-plan.ts';
import { readDefinition } from '../../src/lab/load/scenarios/scenario-definition.ts';
import { startLoadServer } from '../../src/lab/load/web/load-server.ts';
import { LatencySketch } from '../../src/shared/latency-sketch.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { DelayingServer, pageScenario } from '../support/delaying-server.ts';
import { LocustClient } from '../support/locust-client.ts';
import { startLocust } from '../support/locust.ts';
import { findProgram, title } from '../support/requires.ts';
import { runToEnd } from '../support/run-load.ts';

/** A machine that is busy with other tests is slow. */
const patience = { timeout: 40_000, interval: 200 };

const scenarios = [{ weight: 1, scenario: readDefinition(pageScenario) }];

describe('a target whose delays are known', () => {
  const requests = 400;
  const plan: Partial<LoadPlan> = { scenarios, users: 200, spawnRate: 200, iterationsPerUser: 2 };
  const quantiles = [0.5, 0.95, 0.99];

  /** Exponential beyond 1 s: 1 % of a time is 10 ms at least, and two looks at the clock beside each other are not. */
  function delayOf(request: number): number {
    // 149 and 400 have no common divisor: each quantile comes once, and in no order.
    const u = (((request * 149) % requests) + 0.5) / requests;
    return 1_000 - 500 * Math.log(1 - u);
  }

  /**
   * How long the machine keeps users and server waiting on top is nobody's to know. So the engine runs in this process
   * and is held against the times of the same requests as undici tells of them where it takes and completes each.
   */
  it('is given p50, p95 and p99 within 1 % of those of its very requests', { timeout: 60_000 }, async () => {
    await using server = await DelayingServer.start(delayOf);
    using taken = new TakenTimes();
    const engine = new LoadEngine(createLoadPlan({ ...plan, targetUrl: server.url }), {
      share: { index: 0, processes: 1 },
      othersEnded: Promise.resolve(),
      onRamped: () => Promise.resolve(performance.now()),
      onException: unexpected,
      onTearDown: unexpected,
      onWarning: unexpected,
    });
    const preparation = await engine.prepare();
    if (preparation === undefined) throw new Error('the engine was stopped');
    await engine.start(preparation);
    await engine.done;
    const { byName } = engine.recorder.take();
    const window = byName['GET /'];
    if (window === undefined) throw new Error('nothing was recorded');
    expect([window.requests, window.failures, taken.ms.length]).toEqual([requests, 0, requests]);
    const latency = LatencySketch.from(window.latency);
    const sorted = taken.ms.toSorted((a, b) => a - b);
    for (const q of quantiles) {
      const exactMs = sorted[Math.floor(q * (requests - 1))] ?? Number.NaN;
      expect(Math.abs(latency.quantileMs(q) / exactMs - 1), `p${q * 100}`).toBeLessThan(0.01);
    }
  });

  it('is never told to be faster than it was', { timeout: 60_000 }, async () => {
    await using server = await DelayingServer.start(delayOf);
    const { statistics } = await runToEnd(server.url, plan);
    const { total } = statistics;
    expect({ ...total, requests: server.appliedMs.length }).toMatchObject({ requests, failures: 0 });
    // Whoever waits for an answer waits longer than the server kept it: so does each quantile, to the 0.5 % of a sketch.
    const measuredMs = [total.p50Ms, total.p95Ms, total.p99Ms];
    for (const [index, q] of quantiles.entries()) {
      expect(measuredMs[index]).toBeGreaterThan(0.995 * server.quantileMs(q));
    }
  });
});

function unexpected(what: unknown): never {
  throw new Error('this load has nothing to tell of', { cause: what });
}

/** How long undici took for each request of this process, in milliseconds: from when it got it to the end of its answer. */
class TakenTimes implements Disposable {
  readonly ms: number[] = [];
  readonly #begun = new Map<unknown, number>();
  readonly #onBegin = (message: unknown): void =>
    void this.#begun.set(Object(message).request, performance.now());
  readonly #onEnd = (message: unknown): void => {
    const begunMs = this.#begun.get(Object(message).request);
    if (begunMs !== undefined) this.ms.push(performance.now() - begunMs);
  };

  constructor() {
    subscribe('undici:request:create', this.#onBegin);
    subscribe('undici:request:trailers', this.#onEnd);
  }

  [Symbol.dispose](): void {
    unsubscribe('undici:request:create', this.#onBegin);
    unsubscribe('undici:request:trailers', this.#onEnd);
  }
}

/** How many requests were not answered at once. */
const heldBy = ({ appliedMs }: DelayingServer): number => appliedMs.filter((ms) => ms > 20).length;

/** What the longest wait was at least, as it is told to the microsecond. */
const longestMs = ({ appliedMs }: DelayingServer): number => Math.max(...appliedMs) - 0.001;

describe('a target that freezes for a second', () => {
  const freezeMs = 1_000;

  /** Answers at once but for a second from the request with the number `first` on, which then all get theirs. */
  function freezingAt(first: number): (request: number) => number {
    let thawMs = Number.NaN;
    return (request) => {
      if (request === first) thawMs = performance.now() + freezeMs;
      return Math.max(0, request < first ? 0 : thawMs - performance.now());
    };
  }

  it('shows it in the open model: whoever arrived meanwhile had to wait', async () => {
    await using server = await DelayingServer.start(freezingAt(75));
    const executor: LoadPlan['executor'] = {
      kind: 'ramping-arrival-rate',
      startRatePerS: 150,
      stages: [{ durationMs: 2_000, ratePerS: 150 }],
      maxUsers: 300,
    };
    const { statistics } = await runToEnd(server.url, {
      scenarios,
      users: 10,
      executor,
      iterationsPerUser: undefined,
    });
    const { arrivals, total } = statistics;
    expect(arrivals).toMatchObject({ planned: 300, dropped: 0 });
    expect(heldBy(server)).toBeGreaterThan(50);
    expect(total.p99Ms).toBeGreaterThan(0.9 * freezeMs);
    expect(total.maxMs).toBeGreaterThan(longestMs(server));
  });

  it('is hidden by the closed model: the one user asks nothing meanwhile', async () => {
    await using server = await DelayingServer.start(freezingAt(75));
    const { statistics } = await runToEnd(server.url, { scenarios, users: 1, iterationsPerUser: 300 });
    const { total } = statistics;
    expect(total.requests).toBe(300);
    expect(longestMs(server)).toBeGreaterThan(0.9 * freezeMs);
    expect(total.p99Ms).toBeLessThan(0.5 * freezeMs);
    expect(total.maxMs).toBeGreaterThan(longestMs(server));
  });
});

const locust = findProgram('locust');

const locustUsers = `
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(0.02)

    @task
    def page(self):
        self.client.get('/')
`;

/** Of all requests together; undefined before the first one. */
async function currentRps(client: LocustClient): Promise<number | undefined> {
  const { text } = await client.getText('/stats/requests');
  const { stats }: { stats: { name: string; current_rps: number }[] } = JSON.parse(text);
  return stats.find(({ name }) => name === 'Aggregated')?.current_rps;
}

describe.skipIf(locust.missing)(title('a target that hangs', locust), () => {
  it('brings current_rps down to 0, where that of Locust stays', async () => {
    let hangs = false;
    const delayOf = (): number | undefined => (hangs ? undefined : 0);
    await using oursAsked = await DelayingServer.start(delayOf);
    await using theirsAsked = await DelayingServer.start(delayOf);
    await using real = await startLocust(locust.path ?? '', locustUsers, theirsAsked.url);
    const page = await startLoadServer({
      port: 0,
      defaults: { scenarios, wait: { kind: 'constant', ms: 20 } },
      defaultHost: oursAsked.url,
      allowRemote: false,
      logger: createLogger('silent'),
    });
    const [theirs, ours] = [new LocustClient(real.url), new LocustClient(page.url)];
    const fields = { user_count: '3', spawn_rate: '50' };
    await theirs.swarm({ ...fields, user_classes: 'Visitor' });
    await ours.swarm({ ...fields, user_classes: 'page' });
    for (const client of [theirs, ours])
      await expect.poll(() => currentRps(client), patience).toBeGreaterThan(0);
    hangs = true;
    await expect.poll(() => currentRps(ours), patience).toBe(0);
    expect(await currentRps(theirs)).toBeGreaterThan(0);
    await page.close();
  }, 60_000);
});
