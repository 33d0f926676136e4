import { GaugewayError, messageOf } from '../../../shared/errors.ts';
import type { Logger } from '../../../shared/logger.ts';
import { refuseRemote } from '../refuse-remote.ts';
import type { GeneratorVitals, LoadSample } from '../../timeline/samples.ts';
import type { RequestStats } from '../../run-document.ts';
import { createLoadPlan, loadPlanDefaults } from '../load-plan.ts';
import type { LoadPlan, LoadPlanSummary } from '../load-plan.ts';
import { startLoad } from '../load-process.ts';
import type { LoadHandle } from '../load-process.ts';
import { LoadStatistics } from '../load-statistics.ts';
import type { LoadState } from './locust-stats.ts';
import type { LoadMoment, LoadRow, LoadTestDetails } from './stats-answer.ts';
import type { SwarmRequest } from './swarm-request.ts';

export interface LoadTestOptions {
  /** Everything that a request to start does not say. */
  defaults: Partial<LoadPlan>;
  /** The token goes to this host only, whatever host a request names. */
  defaultHost: string | undefined;
  /** Whether hosts that are not this machine may be loaded. */
  allowRemote: boolean;
  logger: Logger;
}

/** Two hours of seconds; older ones are dropped. */
const maxHistory = 7_200;
/** Over less than this a handful of requests would look like a peak. */
const minRateWindowMs = 500;

/** One load test that a person starts, edits while it runs, stops and starts again. */
export class LoadTest {
  readonly statistics = new LoadStatistics();
  readonly #options: LoadTestOptions;
  #state: LoadState = 'ready';
  #load: LoadHandle | undefined;
  #host: string;
  #runTimer: NodeJS.Timeout | undefined;
  #testNumber = 0;
  #users: number;
  #spawnRate: number;
  #history: LoadMoment[] = [];
  #generator: GeneratorVitals | null = null;
  #plan: LoadPlanSummary | null = null;
  #error: string | null = null;

  constructor(options: LoadTestOptions) {
    this.#options = options;
    this.#host = options.defaultHost ?? '';
    this.#users = options.defaults.users ?? loadPlanDefaults.users;
    this.#spawnRate = options.defaults.spawnRate ?? loadPlanDefaults.spawnRate;
  }

  get state(): LoadState {
    return this.#state;
  }

  /** `sinceMs` is the time of the last moment that the caller already has. */
  details(sinceMs: number): LoadTestDetails {
    const { durationMs, byName, total } = this.statistics;
    return {
      testNumber: this.#testNumber,
      host: this.#host,
      users: this.#users,
      spawnRate: this.#spawnRate,
      durationMs,
      rows: byName.map((stats) => this.#row(stats)),
      total: this.#row(total),
      history: this.#history.filter(({ atMs }) => atMs > sinceMs),
      generator: this.#generator,
      plan: this.#plan,
      error: this.#error,
    };
  }

  /** Starts a load, or changes the users of the one that runs. Throws GaugewayError when it cannot be. */
  async swarm(request: SwarmRequest): Promise<{ host: string }> {
    const host = (request.host ?? this.#host).replace(/\/+$/, '');
    if (this.#state === 'stopping') throw new GaugewayError('conflict', 'the test is being stopped');
    if (this.#load === undefined) await this.#start(request, host);
    else if (host === this.#host) this.#edit(this.#load, request);
    else throw new GaugewayError('conflict', `the test runs against ${this.#host}: stop it first`);
    this.#users = request.users;
    this.#spawnRate = request.spawnRate;
    clearTimeout(this.#runTimer);
    if (request.runTimeMs !== undefined) {
      this.#runTimer = setTimeout(() => void this.stop(), request.runTimeMs);
    }
    return { host };
  }

  /** Ends the users; figures stay. */
  async stop(): Promise<void> {
    clearTimeout(this.#runTimer);
    if (this.#load === undefined) return;
    this.#state = 'stopping';
    await this.#load.stop();
  }

  resetStatistics(): void {
    this.statistics.reset();
  }

  async #start(request: SwarmRequest, host: string): Promise<void> {
    const { defaults, defaultHost, allowRemote, logger } = this.#options;
    const { token, ...settings } = defaults;
    const plan = createLoadPlan({
      ...settings,
      ...(token !== undefined && host === defaultHost ? { token } : {}),
      ...(request.scenario === undefined ? {} : { scenario: request.scenario }),
      users: request.users,
      spawnRate: request.spawnRate,
      targetUrl: host,
    });
    refuseRemote(plan.targetUrl, allowRemote);
    this.statistics.reset();
    this.#history = [];
    this.#testNumber += 1;
    this.#error = null;
    this.#plan = null;
    this.#host = host;
    const load = startLoad(plan, {
      logger,
      onSample: (sample, atMs) => {
        this.statistics.add(sample, atMs);
        this.#generator = sample.generator;
        this.#history.push(momentOf(sample, atMs));
        if (this.#history.length > maxHistory) this.#history.shift();
      },
      onRamped: () => {
        if (this.#state === 'spawning') this.#state = 'running';
      },
    });
    this.#load = load;
    this.#state = 'spawning';
    load.finished.then(
      () => this.#ended(null),
      (error: unknown) => this.#ended(messageOf(error)),
    );
    this.#plan = await load.planned;
  }

  #row(stats: RequestStats): LoadRow {
    const { rps, failuresPerS } = this.statistics.current(stats.name);
    const meanResponseBytes = this.statistics.meanResponseBytes(stats.name);
    return { ...stats, currentRps: rps, currentFailuresPerS: failuresPerS, meanResponseBytes };
  }

  #edit(load: LoadHandle, { users, spawnRate }: SwarmRequest): void {
    this.#state = 'spawning';
    load.setUsers(users, spawnRate);
  }

  #ended(error: string | null): void {
    clearTimeout(this.#runTimer);
    this.#load = undefined;
    this.#state = 'stopped';
    this.#error = error;
  }
}

function momentOf(sample: LoadSample, atMs: number): LoadMoment {
  const second = new LoadStatistics();
  second.add(sample, atMs);
  const { requests, rps, p50Ms, p95Ms, p99Ms } = second.total;
  const { failuresPerS } = second.current();
  const rates = sample.windowMs < minRateWindowMs ? { rps: null, failuresPerS: null } : { rps, failuresPerS };
  const percentiles = requests === 0 ? { p50Ms: null, p95Ms: null, p99Ms: null } : { p50Ms, p95Ms, p99Ms };
  return { atMs, users: sample.users, ...rates, ...percentiles };
}
